"""Find the settings of each provider, configured or stored."""

import logging
from dataclasses import dataclass, field

from catalog.config.settings import Settings
from catalog.config.stored import stored_settings, with_token
from catalog.core.errors import NotFound, SettingsInvalid
from catalog.daemon.report import error_line
from catalog.store import providers
from catalog.store.database import Transaction
from catalog.store.tables import plain

logger = logging.getLogger("catalog.fleet")


@dataclass
class Members:
    """All providers. The configuration is read once, the table each time."""

    general: Settings
    _configured: dict[str, Settings] = field(init=False)

    def __post_init__(self) -> None:
        each = self.general.each if self.general.provider else ()
        alone = (one.model_copy(update={"provider": (one.one,)}) for one in each)
        self._configured = {one.one.name: one for one in alone}

    def all(self, connection: Transaction) -> list[Settings]:
        """Return the settings of each provider, those of the table without tokens."""
        more = list[Settings]()
        for name, text in providers.stored(plain(connection)).items():
            if name in self._configured:
                continue
            try:
                more.append(stored_settings(self.general, text))
            except SettingsInvalid as error:
                logger.warning("%s: not polled, %s", name, error_line(error))
        return [*self._configured.values(), *more] or [self.general.each[0]]

    def find(self, connection: Transaction, name: str, *, token: bool = False) -> Settings:
        """Return a provider, on request with its token, or raise CatalogError."""
        if name in self._configured:
            return self._configured[name]
        text = providers.find(plain(connection), name)
        if text is not None:
            return (with_token if token else stored_settings)(self.general, text)
        if name == self.general.one.name:
            return self.general.each[0]
        raise NotFound(f"there is no provider {name!r}", hint="`catalog provider list` lists them.")

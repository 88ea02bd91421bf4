"""Define Infomaniak: its list, its routes, its calls and its document."""

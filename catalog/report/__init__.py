"""Write findings as sentences and JSON, and the Markdown document.

overview.py is the content of the document, regions.py its markers, write.py its file.
"""

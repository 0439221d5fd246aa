"""The block report as HTML: one file a page, read without network and without script. Pure: view to text.

`environment` is the one place where markup and strangers' text meet; `page` lays a block report out, and `templates/`
hold the words' places and the style. Nothing is counted, dated or worded here: all of it comes from the view.
"""

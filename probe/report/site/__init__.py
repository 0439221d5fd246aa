"""The report as a folder of static pages: overview, a page a target, event and cited measurement, and an Atom feed.

`pages` makes them all from one view (pure), `overview` and `feed` two of them; `disk` puts them in a folder and takes
away what earlier builds left there; `write` does all of it. Links are relative: the folder works from a USB stick.
"""

"""Makes the fonts of the picture from those of Liberation, with the letters that names of Europe have.

    pip install fonttools==4.68.0
    python make.py /usr/share/fonts/truetype/liberation2
"""
import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

RANGES = [(0x20, 0x7E), (0xA0, 0x24F), (0x2B0, 0x2FF), (0x370, 0x3FF), (0x400, 0x52F), (0x1E00, 0x1EFF),
          (0x2010, 0x2027), (0x2030, 0x203A), (0x20A0, 0x20BF), (0x2116, 0x2122)]
# The licence keeps the name Liberation for what was not changed.
NAME = "Ostiary Card"

here = Path(__file__).parent
for style in ("Regular", "Bold"):
    font = TTFont(Path(sys.argv[1]) / f"LiberationSans-{style}.ttf")
    options = subset.Options(hinting=False, layout_features=["kern", "mark", "mkmk", "ccmp"], name_IDs=[0, 1, 2, 3, 4, 5, 6, 13, 14])
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=[code for first, last in RANGES for code in range(first, last + 1)])
    subsetter.subset(font)
    for record in font["name"].names:
        told = {1: NAME, 3: f"{NAME} {style}", 4: f"{NAME} {style}", 6: f"OstiaryCard-{style}"}.get(record.nameID)
        if told:
            record.string = told
    font.recalcTimestamp = False
    font.save(here / f"{style.lower()}.ttf")

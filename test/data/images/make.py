"""Makes the images of this folder with Pillow, and what Pillow reads from them. For development only.

    python make.py OUT

Every file is 6 x 5 pixels (height x width) made of formulas. values.json holds, for each, the mode that Pillow tells, the
bytes of convert('RGB'), which is what torchvision's folders load, and those of convert('RGB').convert('L').
"""
import json
import os
import struct
import sys
import zlib

import numpy as np
from PIL import Image, ImageCms
from PIL import __version__ as pillow

HEIGHT, WIDTH = 6, 5


def ramp(channels, seed=1):
    numbers = np.arange(HEIGHT * WIDTH * channels) * 37 + 11 * seed
    image = (numbers % 256).astype('uint8').reshape(HEIGHT, WIDTH, channels)
    return image[..., 0] if channels == 1 else image


def smooth(channels):
    y, x, c = np.mgrid[0:HEIGHT, 0:WIDTH, 0:channels]
    image = ((40 * y + 25 * x + 60 * c) % 256).astype('uint8')
    return image[..., 0] if channels == 1 else image


def png16(channels, colour_type):
    """Sixteen bits a channel, which Pillow writes only for grey."""
    data = (np.arange(HEIGHT * WIDTH * channels) * 701 % 65536).astype('>u2').reshape(HEIGHT, -1)
    rows = b''.join(b'\0' + row.tobytes() for row in data)
    chunk = lambda name, body: struct.pack('>I', len(body)) + name + body + struct.pack('>I', zlib.crc32(name + body))
    header = struct.pack('>IIBBBBB', WIDTH, HEIGHT, 16, colour_type, 0, 0, 0)
    return b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', header) + chunk(b'IDAT', zlib.compress(rows)) + chunk(b'IEND', b'')


def red_for_green():
    """A colour profile that anybody who applies it cannot miss."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile('sRGB')).tobytes()
    return profile.replace(b'rXYZ', b'tmpX').replace(b'gXYZ', b'rXYZ').replace(b'tmpX', b'gXYZ')


def palette():
    image = Image.fromarray(ramp(1) // 32)
    image = Image.frombytes('P', image.size, image.tobytes())
    image.putpalette([value for i in range(8) for value in (30 * i, 255 - 20 * i, 7 * i)])
    return image


def inks(adobe):
    """CMYK with the marker of Adobe, whose last byte says how the inks were coded: 0 as they are, 2 as YCCK."""
    def write(path):
        Image.frombytes('CMYK', (WIDTH, HEIGHT), ramp(4, 3).tobytes()).save(path, quality=95)
        content = bytearray(open(path, 'rb').read())
        at = content.find(b'Adobe')
        if adobe is None:
            del content[at - 4:at + 12]
        else:
            content[at + 11] = adobe
        open(path, 'wb').write(content)
    return write


def of(image, **options):
    return lambda path: image.save(path, **options)


def rotated():
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif


FILES = {
    'l.png': of(Image.fromarray(ramp(1))),
    'l-transparent.png': of(Image.fromarray(ramp(1)), transparency=48),
    'la.png': of(Image.frombytes('LA', (WIDTH, HEIGHT), ramp(2).tobytes())),
    'rgb.png': of(Image.fromarray(ramp(3))),
    'rgb-transparent.png': of(Image.fromarray(ramp(3)), transparency=(11, 48, 85)),
    'rgb-gamma.png': of(Image.fromarray(ramp(3)), gamma=0.1),
    'rgb-profile.png': of(Image.fromarray(ramp(3)), icc_profile=red_for_green()),
    'rgba.png': of(Image.fromarray(ramp(4))),
    'p.png': of(palette()),
    'p-transparent.png': of(palette(), transparency=3),
    'p-alpha.png': of(palette(), transparency=bytes([255, 0, 128, 7, 1, 2, 3, 4])),
    'bits.png': of(Image.fromarray(ramp(1) > 100)),
    'l16.png': lambda path: open(path, 'wb').write(png16(1, 0)),
    'la16.png': lambda path: open(path, 'wb').write(png16(2, 4)),
    'rgb16.png': lambda path: open(path, 'wb').write(png16(3, 2)),
    'rgba16.png': lambda path: open(path, 'wb').write(png16(4, 6)),
    'l.jpg': of(Image.fromarray(smooth(1)), quality=95),
    'rgb.jpg': of(Image.fromarray(smooth(3)), quality=90),
    'rgb-progressive.jpg': of(Image.fromarray(smooth(3)), quality=90, progressive=True),
    'rgb-444.jpg': of(Image.fromarray(smooth(3)), quality=90, subsampling=0),
    'rgb-profile.jpg': of(Image.fromarray(smooth(3)), quality=90, icc_profile=red_for_green()),
    'rgb-rotated.jpg': of(Image.fromarray(smooth(3)), quality=90, exif=rotated()),
    'cmyk.jpg': inks(0),
    'cmyk-plain.jpg': inks(None),
    'ycck.jpg': inks(2),
}


def main(out):
    read = {}
    for name, write in FILES.items():
        path = os.path.join(out, name)
        write(path)
        with Image.open(path) as image:
            rgb = image.convert('RGB')
            grey = rgb.convert('L')
            read[name] = {'mode': image.mode, 'rgb': list(rgb.tobytes()), 'l': list(grey.tobytes())}
    lines = [f'    {json.dumps(name)}: {json.dumps(values)}' for name, values in read.items()]
    with open(os.path.join(out, 'values.json'), 'w') as file:
        file.write(f'{{\n  "pillow": "{pillow}",\n  "files": {{\n' + ',\n'.join(lines) + '\n  }\n}\n')


main(sys.argv[1])

"""The published steps of common corruptions with NumPy, SciPy, scikit-image, Pillow, OpenCV and ImageMagick.

Called by published.test.ts with a JSON file of cases: an image, what corrupts it, and the draws that it took. Prints each
corrupted image, (C, H, W) in [0, 255]. For development only.
"""

import io
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np
from PIL import Image
from scipy.ndimage import map_coordinates, zoom
from skimage.color import hsv2rgb, rgb2hsv
from skimage.filters import gaussian


class Draws:
    """Uniform and normal numbers, as they were drawn."""

    def __init__(self, drawn):
        self.drawn = iter(drawn)

    def one(self):
        return next(self.drawn)

    def array(self, shape):
        return np.array([next(self.drawn) for _ in range(int(np.prod(shape)))]).reshape(shape)

    def signed(self, shape):
        return 2 * self.array(shape) - 1


def smooth(x, sigma, **more):
    return gaussian(x, sigma=sigma, channel_axis=-1 if x.ndim == 3 else None, **more)


def through_pillow(x, change):
    bytes_of = Image.fromarray(np.round(255 * x).astype(np.uint8).squeeze())
    return np.array(change(bytes_of)).reshape(x.shape) / 255


def motion(x, radius, sigma, angle):
    """ImageMagick's MotionBlurImage."""
    with tempfile.TemporaryDirectory() as folder:
        before, after = Path(folder, "before.png"), Path(folder, "after.png")
        Image.fromarray(np.round(255 * x).astype(np.uint8).squeeze()).save(before)
        how = f"{radius}x{sigma}{angle:+.10f}"
        subprocess.check_call(["convert", str(before), "-motion-blur", how, str(after)])
        colours = "RGB" if x.ndim == 3 and x.shape[2] == 3 else "L"
        return np.array(Image.open(after).convert(colours)).reshape(x.shape) / 255


def clipped_zoom(x, factor):
    cut = [int(np.ceil(n / factor)) for n in x.shape[:2]]
    top, left = [(n - c) // 2 for n, c in zip(x.shape, cut)]
    large = zoom(x[top : top + cut[0], left : left + cut[1]], (factor, factor, 1), order=1)
    y0, x0 = [(m - n) // 2 for m, n in zip(large.shape, x.shape[:2])]
    return large[y0 : y0 + x.shape[0], x0 : x0 + x.shape[1]]


def plasma(side, decay, draws):
    """Diamond-square on a torus."""
    field = np.zeros((side, side))
    step, rough = side, 100.0
    while step >= 2:
        half = step // 2
        noisy = lambda total: total / 4 + rough * rough * draws.signed(total.shape)
        corners = field[::step, ::step]
        rows = corners + np.roll(corners, -1, 0)
        field[half::step, half::step] = noisy(rows + np.roll(rows, -1, 1))
        middles = field[half::step, half::step]
        field[::step, half::step] = noisy(middles + np.roll(middles, 1, 0) + corners + np.roll(corners, -1, 1))
        field[half::step, ::step] = noisy(middles + np.roll(middles, 1, 1) + corners + np.roll(corners, -1, 0))
        step, rough = half, rough / decay
    field -= field.min()
    return field / field.max()


def defocus_blur(x, p, _):
    small = p["radius"] <= 8
    reach = np.arange(-8, 9) if small else np.arange(-p["radius"], p["radius"] + 1)
    across, down = np.meshgrid(reach, reach)
    disc = (across**2 + down**2 <= p["radius"] ** 2).astype(np.float32)
    side = 3 if small else 5
    kernel = cv2.GaussianBlur(disc / disc.sum(), ksize=(side, side), sigmaX=p["smooth"])
    return np.stack([cv2.filter2D(np.ascontiguousarray(plane), -1, kernel) for plane in np.moveaxis(x, 2, 0)], -1)


def glass_blur(x, p, draws):
    bytes_of = np.uint8(smooth(x, p["sigma"]) * 255)
    height, width, _ = x.shape
    reach = p["reach"]
    for _ in range(p["rounds"]):
        for h in range(height - reach, reach, -1):
            for w in range(width - reach, reach, -1):
                right, down = [int(np.floor(2 * reach * draws.one())) - reach for _ in range(2)]
                # A swap of two views of one array: the second assignment reads what the first has written.
                bytes_of[h, w], bytes_of[h + down, w + right] = bytes_of[h + down, w + right], bytes_of[h, w]
    return smooth(bytes_of / 255, p["sigma"])


def zoom_blur(x, p, _):
    x = x.astype(np.float32)
    factors = np.arange(1, p["end"], p["step"])
    near = np.zeros_like(x)
    for factor in factors:
        near += clipped_zoom(x, factor)
    return (x + near) / (len(factors) + 1)


def snow(x, p, draws):
    x = x.astype(np.float32)
    height, width, channels = x.shape
    noise = p["mean"] + p["spread"] * draws.array((height, width, 1))
    flakes = clipped_zoom(noise, p["zoom"])
    flakes[flakes < p["least"]] = 0
    flakes = np.floor(255 * np.clip(flakes, 0, 1)) / 255
    layer = motion(flakes, p["radius"], p["sigma"], 90 * draws.one() - 135)
    grey = cv2.cvtColor(x, cv2.COLOR_RGB2GRAY)[..., None] if channels == 3 else x
    whitened = np.maximum(x, 1.5 * grey + 0.5)
    return p["keep"] * x + (1 - p["keep"]) * whitened + layer + np.rot90(layer, k=2)


def fog(x, p, draws):
    side = 2 ** int(np.ceil(np.log2(max(x.shape[:2]))))
    clouds = plasma(side, p["decay"], draws)[: x.shape[0], : x.shape[1], None]
    return (x + p["thickness"] * clouds) * x.max() / (x.max() + p["thickness"])


def hsv(x, change):
    if x.shape[2] == 1:
        return change(np.repeat(x, 3, -1))[..., 2:]
    return hsv2rgb(change(rgb2hsv(x)))


def brightness(x, shift, _):
    return hsv(x, lambda h: np.stack([h[..., 0], h[..., 1], np.clip(h[..., 2] + shift, 0, 1)], -1))


def saturate(x, p, _):
    return hsv(
        x, lambda h: np.stack([h[..., 0], np.clip(h[..., 1] * p["factor"] + p["shift"], 0, 1), h[..., 2]], -1)
    )


def contrast(x, factor, _):
    mean = x.mean((0, 1), keepdims=True)
    return (x - mean) * factor + mean


def elastic_transform(x, p, draws):
    x = x.astype(np.float32)
    height, width, channels = x.shape
    side = min(height, width)
    middle, reach = np.float32((width // 2, height // 2)), side // 3
    corners = np.float32([middle + reach, [middle[0] + reach, middle[1] - reach], middle - reach])
    moved = (corners + draws.signed((3, 2)) * p["affine"] * side).astype(np.float32)
    affine = cv2.getAffineTransform(corners, moved)
    carried = cv2.warpAffine(x, affine, (width, height), borderMode=cv2.BORDER_REFLECT_101).reshape(x.shape)
    right, down = [
        smooth(draws.signed((height, width)), p["smooth"] * side, mode="reflect", truncate=3) * p["strength"] * side
        for _ in range(2)
    ]
    columns, rows = np.meshgrid(np.arange(width), np.arange(height))
    at = [rows + down, columns + right]
    return np.stack(
        [map_coordinates(carried[..., c], at, order=1, mode="reflect") for c in range(channels)], -1
    )


def pixelate(x, share, _):
    height, width, _ = x.shape
    small = (int(width * share), int(height * share))
    return through_pillow(x, lambda image: image.resize(small, Image.BOX).resize((width, height), Image.BOX))


def jpeg_compression(x, quality, _):
    def round_trip(image):
        file = io.BytesIO()
        image.save(file, "JPEG", quality=quality)
        return Image.open(file)

    return through_pillow(x, round_trip)


def spatter(x, p, draws):
    x = x.astype(np.float32)
    drops = smooth(p["mean"] + p["spread"] * draws.array(x.shape[:2]), p["size"])
    drops[drops < p["least"]] = 0
    colour = np.array([175, 238, 238] if p["of"] == "water" else [63, 42, 20]) / 255
    if x.shape[2] == 1:
        colour = np.array([colour @ [0.299, 0.587, 0.114]])
    if p["of"] == "mud":
        mask = smooth((drops > p["least"]).astype(np.float32), p["last"])
        mask[mask < 0.8] = 0
        return x * (1 - mask[..., None]) + mask[..., None] * colour
    bytes_of = (drops * 255).astype(np.int64).astype(np.uint8)
    depth = cv2.distanceTransform(255 - cv2.Canny(bytes_of, 50, 150), cv2.DIST_L2, 5)
    _, depth = cv2.threshold(depth, 20, 20, cv2.THRESH_TRUNC)
    depth = cv2.equalizeHist(cv2.blur(depth, (3, 3)).astype(np.uint8))
    relief = cv2.filter2D(depth, cv2.CV_8U, np.array([[-2, -1, 0], [-1, 1, 1], [0, 1, 2]]))
    light = bytes_of * cv2.blur(relief, (3, 3)).astype(np.float32)
    if light.max() > 0:
        light = p["last"] * light / light.max()
    return x + light[..., None] * colour


CORRUPTIONS = {
    "defocus-blur": defocus_blur,
    "glass-blur": glass_blur,
    "motion-blur": lambda x, p, draws: motion(x, p["radius"], p["sigma"], 90 * draws.one() - 45),
    "zoom-blur": zoom_blur,
    "snow": snow,
    "fog": fog,
    "brightness": brightness,
    "contrast": contrast,
    "elastic-transform": elastic_transform,
    "pixelate": pixelate,
    "jpeg-compression": jpeg_compression,
    "gaussian-blur": lambda x, sigma, _: smooth(x, sigma),
    "spatter": spatter,
    "saturate": saturate,
}


def made(case):
    channels, height, width = case["shape"]
    x = np.array(case["image"]).reshape(channels, height, width).transpose(1, 2, 0) / 255
    corrupted = CORRUPTIONS[case["name"]](x, case["parameters"], Draws(case["draws"]))
    return (255 * np.clip(corrupted, 0, 1)).transpose(2, 0, 1).ravel().tolist()


print(json.dumps([made(case) for case in json.load(open(sys.argv[1]))]))

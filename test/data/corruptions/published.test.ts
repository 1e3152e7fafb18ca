import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { corrupted, whyNot } from '../../../src/data/corruptions/corrupted.js';
import { type AnyCorruption, SEVERITIES } from '../../../src/data/corruptions/corruption.js';
import { corruptions } from '../../../src/data/corruptions/registry.js';
import { type Stream, stream } from '../../../src/random/stream.js';

/**
 * Every corruption at every severity beside the published steps in Python, with the same draws: `ASSAY_IMAGING=PYTHON npx
 * vitest run test/data/corruptions/published.test.ts`, PYTHON having NumPy, SciPy, scikit-image, Pillow and OpenCV
 * (opencv-python-headless), and ImageMagick's `convert` being there. For development only.
 */
const python = process.env.ASSAY_IMAGING;
const script = fileURLToPath(new URL('./published.py', import.meta.url));
const FORMS = [
  { parameters: 'cifar', shape: [3, 32, 32] },
  { parameters: 'cifar', shape: [3, 28, 20] },
  { parameters: 'cifar', shape: [1, 28, 28] },
  { parameters: 'imagenet', shape: [3, 96, 96] },
] as const;
type Shape = (typeof FORMS)[number]['shape'];

/** In levels of a byte: what single precision and another order of sums may do. */
const NEAR = 0.02;
/** Of all numbers; where a step within rounds to bytes, those on the edge between two fall to either side. */
const SHARE_OFF = 0.01;

/** A disc on a slope with noise, in bytes. */
function image([channels, height, width]: Shape, example: number): Float32Array {
  const draws = stream({ seed: example, purpose: 'image', example: 0 });
  const [cy, cx] = [0.3 + 0.4 * draws.uniform(), 0.3 + 0.4 * draws.uniform()];
  return Float32Array.from({ length: channels * height * width }, (_, p) => {
    const [c, y, x] = [Math.floor(p / (height * width)), Math.floor(p / width) % height, p % width];
    const inside = Math.hypot(x - cx * width, y - cy * height) < 0.3 * height;
    const light = inside ? 0.9 - 0.2 * c : 0.2 + (0.3 * x) / width + (0.2 * y) / height;
    return Math.round(255 * Math.min(1, light + 0.1 * (draws.uniform() - 0.5))) / 255;
  });
}

/** A stream that keeps what was drawn. */
function recorded(draws: Stream): { draws: Stream; drawn: number[] } {
  const drawn: number[] = [];
  const kept = (value: number) => {
    drawn.push(value);
    return value;
  };
  const all = (fill: (values: Float64Array) => unknown) => (values: Float64Array) => {
    fill(values);
    for (const value of values) drawn.push(value);
  };
  const recording = Object.assign(Object.create(draws), {
    uniform: () => kept(draws.uniform()),
    normal: () => kept(draws.normal()),
    uniforms: all((values) => draws.uniforms(values)),
    normals: all((values) => draws.normals(values)),
  });
  return { draws: recording, drawn };
}

const casesOf = (row: AnyCorruption) =>
  FORMS.filter(({ shape }) => !whyNot(row, shape)).flatMap(({ parameters, shape }) =>
    SEVERITIES.map((severity) => {
      const pixels = image(shape, severity);
      const { draws, drawn } = recorded(stream({ seed: 9, purpose: row.name, example: severity }));
      const made = corrupted(row, pixels, shape, { severity, parameters, quantise: false }, draws);
      return {
        title: `${parameters}, ${shape.join('x')}, severity ${severity}`,
        made,
        given: {
          name: row.name,
          parameters: row.severities[parameters][severity - 1],
          shape,
          image: Array.from(pixels, (value) => Math.round(255 * value)),
          draws: drawn,
        },
      };
    }),
  );

const rows = [...corruptions].filter(({ name }) => !name.endsWith('-noise') && name !== 'frost');

describe.skipIf(!python)('as the published code makes them', () => {
  const folder = mkdtempSync(join(tmpdir(), 'assay-corruptions-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(rows.map((row) => [row.name, row] as const))('%s', { timeout: 300_000 }, (name, row) => {
    const cases = casesOf(row);
    const file = join(folder, `${name}.json`);
    writeFileSync(file, JSON.stringify(cases.map(({ given }) => given)));
    const theirs: number[][] = JSON.parse(
      execFileSync(python ?? '', [script, file], { encoding: 'utf8', maxBuffer: 2 ** 28 }),
    );
    for (const [k, { title, made }] of cases.entries()) {
      const off = Array.from(made, (value, p) => Math.abs(255 * value - theirs[k]![p]!));
      expect.soft(off.filter((levels) => levels > NEAR).length / off.length, title).toBeLessThan(SHARE_OFF);
      expect.soft(Math.max(...off), title).toBeLessThan(1 + NEAR);
    }
  });
});

import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { crc32, deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { MEMORY_MODULE } from '../memory.js';
import { bytes, errorOf, levels, put, readAll, temporaryFolder } from './files.js';

const directory = temporaryFolder();
const png = (from: number) =>
  sharp(bytes(8, from), { raw: { width: 4, height: 2, channels: 1 } })
    .toColourspace('b-w')
    .png()
    .toBuffer();
const jpeg = (level: number) =>
  sharp(new Uint8Array(64).fill(level), { raw: { width: 8, height: 8, channels: 1 } })
    .toColourspace('b-w')
    .jpeg({ quality: 100 })
    .toBuffer();

describe('Tiny ImageNet', () => {
  it('has the images of its training part one folder deeper, beside lists of boxes', async () => {
    for (const [k, name] of ['n01', 'n02', 'n03'].entries()) {
      put(directory, `tiny/train/${name}/images/${name}_0.JPEG`, await jpeg(50 * k));
      put(directory, `tiny/train/${name}/${name}_boxes.txt`, 'boxes');
    }
    const all = await readAll(directory, { path: 'tiny/train' });
    expect(all.info).toMatchObject({ size: 3, shape: [1, 8, 8], classes: ['n01', 'n02', 'n03'] });
    expect(all.labels).toEqual(Int32Array.of(0, 1, 2));
    expect(levels(all)).toEqual([0, 50, 100].flatMap((level) => Array(64).fill(level)));
  });

  const rows = ['val_0.JPEG\tn02\t0\t0\t5\t5', 'val_10.JPEG\tn01\t0\t0\t5\t5', 'val_2.JPEG\tn02\t0\t0\t5\t5'];
  const validation = async (folder: string, lines: string[], images = ['val_0', 'val_10', 'val_2']) => {
    for (const [i, name] of images.entries())
      put(directory, `${folder}/images/${name}.JPEG`, await jpeg(40 * i));
    put(directory, `${folder}/val_annotations.txt`, `${lines.join('\n')}\n`);
  };

  it.each(['', '/images'])('has the labels of its validation part in a list (val%s)', async (below) => {
    await validation('tiny/val', rows);
    const all = await readAll(directory, { path: `tiny/val${below}` });
    expect(all.info.classes).toEqual(['n01', 'n02']);
    expect(all.labels).toEqual(Int32Array.of(1, 0, 1));
    expect(levels(all)).toEqual([0, 40, 80].flatMap((level) => Array(64).fill(level)));
  });

  it.each<[string, string[], string[], RegExp]>([
    ['an image without a line', rows.slice(1), ['val_0', 'val_10', 'val_2'], /has no label/],
    ['a line without an image', rows, ['val_0', 'val_10'], /is not there/],
    ['an image twice', [...rows, rows[0]!], ['val_0', 'val_10', 'val_2'], /not understood/],
    ['a line without a class', ['val_0.JPEG'], ['val_0'], /not understood/],
  ])('%s: refused', async (name, lines, images, message) => {
    const folder = `tiny-${name.replaceAll(' ', '-')}`;
    await validation(folder, lines, images);
    const error = await errorOf(readAll(directory, { path: folder }));
    expect(error.message).toMatch(message);
    expect(error.details.file).toMatch(/val_annotations\.txt$/);
  });
});

describe('images scaled by their shorter side', () => {
  const grey = (width: number, height: number) =>
    sharp(new Uint8Array(width * height).fill(90), { raw: { width, height, channels: 1 } })
      .toColourspace('b-w')
      .png()
      .toBuffer();

  // As torchvision's Resize: 32 * 218 / 178 is 39.19.
  it.each([
    [178, 218, 32, [1, 39, 32]],
    [218, 178, 32, [1, 32, 39]],
    [5, 5, 3, [1, 3, 3]],
  ])('%d x %d come to a side of %d', async (width, height, resize, shape) => {
    put(directory, `sides-${width}/1.png`, await grey(width, height));
    const all = await readAll(directory, { path: `sides-${width}`, resize });
    expect(all.info.shape).toEqual(shape);
    expect(new Set(levels(all))).toEqual(new Set([90]));
  });

  it('must come to one size', async () => {
    put(directory, 'mixed/1.png', await grey(8, 12));
    put(directory, 'mixed/2.png', await grey(8, 10));
    const error = await errorOf(readAll(directory, { path: 'mixed', resize: 4 }));
    expect(error.explain()).toMatch(
      /other proportions than the first.*6 x 4.*5 x 4.*resize: \[height, width\]/s,
    );
    expect((await readAll(directory, { path: 'mixed', resize: [4, 4] })).info.shape).toEqual([1, 4, 4]);
  });
});

describe('symbolic links', () => {
  const link = (target: string, path: string) => {
    const file = put(directory, `${path}.tmp`, '').slice(0, -'.tmp'.length);
    symlinkSync(target, file);
    return file;
  };
  const outside = async () => put(directory, 'outside/secret.png', await png(1));

  it('to what lies in the folder are followed', async () => {
    put(directory, 'inner/a/1.png', await png(1));
    link('1.png', 'inner/a/2.png');
    link('a', 'inner/b');
    const all = await readAll(directory, { path: 'inner' });
    expect(all.labels).toEqual(Int32Array.of(0, 0, 1, 1));
  });

  it('may lead to the folder itself', async () => {
    put(directory, 'real/1.png', await png(1));
    link('real', 'alias');
    expect((await readAll(directory, { path: 'alias' })).n).toBe(1);
  });

  it.each<[string, (path: string) => Promise<void>, RegExp]>([
    ['a file', async (path) => void link(await outside(), `${path}/a/2.png`), /2\.png$/],
    ['a folder', async (path) => void link(join(await outside(), '..'), `${path}/b`), /b$/],
    ['a device', async (path) => void link('/dev/zero', `${path}/a/2.png`), /2\.png$/],
    [
      'a folder with the same beginning',
      async (path) => {
        put(directory, `${path}-more/1.png`, await png(2));
        link(join(directory, `${path}-more`), `${path}/b`);
      },
      /b$/,
    ],
  ])('out of it, to %s, are refused', async (name, make, file) => {
    const path = `out-${name.replaceAll(' ', '-')}`;
    put(directory, `${path}/a/1.png`, await png(1));
    await make(path);
    const error = await errorOf(readAll(directory, { path }));
    expect(error).toMatchObject({
      code: 'data-invalid',
      message: 'a link leads out of the folder of images',
    });
    expect(error.details.file).toMatch(file);
    expect(error.details.hint).toMatch(/followLinks: true/);
  });

  it('out of it are followed when the data set says so', async () => {
    put(directory, 'wanted/a/1.png', await png(1));
    link(await outside(), 'wanted/a/2.png');
    expect((await readAll(directory, { path: 'wanted', followLinks: true })).n).toBe(2);
  });

  it.each(['/dev/zero', 'absent.png', '1.png'])('to %s never hang', async (target) => {
    const path = `odd-${target.replaceAll('/', '-')}`;
    link(target, `${path}/1.png`);
    const error = await errorOf(readAll(directory, { path, followLinks: true }));
    expect(error.code).toBe('file-unreadable');
  });

  it.runIf(process.platform !== 'win32')('a pipe named as an image never hangs', async () => {
    mkdirSync(join(directory, 'pipe'));
    execFileSync('mkfifo', [join(directory, 'pipe/1.png')]);
    expect((await errorOf(readAll(directory, { path: 'pipe' }))).code).toBe('file-unreadable');
  });
});

describe('images that would take the memory', () => {
  /** Black, one bit a pixel: 256 million pixels in 31 kB. */
  function blackPng(side: number): Uint8Array {
    const chunk = (name: string, body: Uint8Array) => {
      const named = Buffer.concat([Buffer.from(name, 'latin1'), body]);
      const out = Buffer.alloc(named.length + 8);
      out.writeUInt32BE(body.length, 0);
      out.set(named, 4);
      out.writeUInt32BE(crc32(named), named.length + 4);
      return out;
    };
    const header = Buffer.alloc(13);
    header.writeUInt32BE(side, 0);
    header.writeUInt32BE(side, 4);
    header[8] = 1;
    const rows = deflateSync(new Uint8Array(side * (1 + side / 8)));
    const signature = Buffer.from('89504e470d0a1a0a', 'hex');
    return Buffer.concat([
      signature,
      chunk('IHDR', header),
      chunk('IDAT', rows),
      chunk('IEND', new Uint8Array()),
    ]);
  }

  /** What became of a data set in a process of its own, and the most memory that it held, in MB. */
  function attempt(spec: object): { outcome: string; peak: number } {
    const module = new URL('../../dist/src/data/open.js', import.meta.url);
    const script = `
      const { openDataset } = await import(${JSON.stringify(module)});
      const { mostHeld } = await import(${JSON.stringify(MEMORY_MODULE)});
      const outcome = await openDataset('set', ${JSON.stringify(spec)}, { directory: ${JSON.stringify(directory)} })
        .then(({ info }) => info.size + ' read', (error) => error.explain());
      console.log(JSON.stringify({ outcome, peak: mostHeld() / 2 ** 20 }));`;
    const output = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
      encoding: 'utf8',
    });
    return JSON.parse(output);
  }

  it('with more pixels than the limit are refused by their header', () => {
    put(directory, 'vast/1.png', blackPng(16_000));
    for (const resize of [undefined, [8, 8]]) {
      const { outcome, peak } = attempt({ path: 'vast', resize });
      expect(outcome).toMatch(/the image is too large.*at most 33554432 pixels.*16000 x 16000/s);
      expect(peak).toBeLessThan(200);
    }
  });

  it('of the largest size are decoded one at a time', async () => {
    const image = blackPng(5_792);
    for (let i = 0; i < 8; i++) put(directory, `large/${i}.png`, image);
    const { outcome, peak } = attempt({ path: 'large', resize: [8, 8] });
    expect(outcome).toBe('8 read');
    expect(peak).toBeLessThan(400);
  });

  it('of many bytes are refused unread', () => {
    const file = put(directory, 'sparse/1.png', '');
    writeFileSync(file, Buffer.from('89504e470d0a1a0a', 'hex'));
    truncateSync(file, 1_900_000_000);
    const { outcome, peak } = attempt({ path: 'sparse' });
    expect(outcome).toMatch(/the file is too large/);
    expect(peak).toBeLessThan(200);
  });

  it('cannot be asked for by resizing', async () => {
    put(directory, 'small/1.png', await png(1));
    const error = await errorOf(readAll(directory, { path: 'small', resize: [16_000, 16_000] }));
    expect(error).toMatchObject({ code: 'config-invalid', details: { path: 'resize' } });
  });
});

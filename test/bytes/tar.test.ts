import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { memorySource } from '../../src/bytes/byte-source.js';
import { tarContent, tarMembers } from '../../src/bytes/tar.js';
import { errorOf, temporaryFolder } from '../data/files.js';
import { type Packing, pax, TAR_END, tarMember, tarOf } from '../tar.js';

const place = { file: 'a.tar' };

async function list(archive: Uint8Array, from = 0) {
  const source = memorySource(archive, place);
  const found = [];
  for await (const member of tarMembers(source, from)) {
    const content = tarContent(source, member);
    found.push({ ...member, content: Buffer.from(await content.read(0, content.size)).toString('latin1') });
  }
  return found;
}

const short = async (archive: Uint8Array) =>
  (await list(archive)).map(({ name, kind, content }) => [name, kind, content]);

describe('archives that tar wrote', () => {
  const folder = temporaryFolder();
  const long = `${'d'.repeat(70)}/${'e'.repeat(70)}`;
  const contents: Record<string, string> = {
    'a.txt': 'alpha',
    empty: '',
    [`${long}/${'f'.repeat(60)}.txt`]: 'far down',
    'b/ümläut.txt': 'x'.repeat(1500),
  };
  for (const [name, content] of Object.entries(contents)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }

  it.each(['gnu', 'pax', 'ustar', 'v7'])('%s', async (format) => {
    const names = Object.keys(contents).filter((name) => name.length < (format === 'v7' ? 99 : 300));
    const file = join(folder, `${format}.tar`);
    execFileSync('tar', [
      '--format',
      format,
      '-cf',
      file,
      '-C',
      folder,
      'b',
      ...names.filter((name) => !name.startsWith('b/')),
    ]);
    const found = await short(readFileSync(file));
    expect(found[0]).toEqual(['b/', 'folder', '']);
    expect(new Map(found.slice(1).map(([name, , content]) => [name, content]))).toEqual(
      new Map(names.map((name) => [name, contents[name]])),
    );
  });

  it('links and sparse files are told apart', async () => {
    const file = join(folder, 'kinds.tar');
    execFileSync(
      'bash',
      ['-c', 'ln -s a.txt link && truncate -s 1M sparse && tar -S -cf kinds.tar link sparse a.txt'],
      { cwd: folder },
    );
    expect((await short(readFileSync(file))).map(([name, kind]) => [name, kind])).toEqual([
      ['link', 'link'],
      ['sparse', 'sparse file'],
      ['a.txt', 'file'],
    ]);
  });
});

describe('the reader', () => {
  it('finds what was packed, and begins again at any member', async () => {
    const name = fc.stringMatching(/^[a-z]{1,20}(\/[a-z]{1,120})?\.bin$/);
    const member = fc.record({ name, content: fc.uint8Array({ maxLength: 1500 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(member, { minLength: 1, maxLength: 12 }), async (members) => {
        const packed = members.flatMap(({ name, content }): Packing[] =>
          name.length > 100 ? [pax({ path: name }), { name: 'cut', content }] : [{ name, content }],
        );
        const archive = tarOf(packed);
        const all = await list(archive);
        expect(all.map(({ name, content }) => [name, content])).toEqual(
          members.map(({ name, content }) => [name, Buffer.from(content).toString('latin1')]),
        );
        for (const [i, { header }] of all.entries())
          expect(await list(archive, header)).toEqual(all.slice(i));
      }),
      { numRuns: 50 },
    );
  });

  it('takes sizes of more than eight gigabytes in both spellings', async () => {
    const size = 9 * 2 ** 30;
    const gnu = tarMember({ name: 'a' });
    gnu.fill(0, 124, 136);
    gnu[124] = 0x80;
    gnu.writeBigUInt64BE(BigInt(size), 128);
    gnu.fill(' ', 148, 156);
    const sum = gnu.reduce((total, byte) => total + byte, 0);
    gnu.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    for (const archive of [
      gnu,
      Buffer.concat([tarMember(pax({ size: String(size) })), tarMember({ name: 'a' })]),
    ])
      expect((await errorOf(list(Buffer.concat([archive, TAR_END])))).details.expected).toMatch(
        `${size} bytes`,
      );
  });

  const whole = tarOf([
    { name: 'a', content: 'x'.repeat(600) },
    { name: 'b', content: 'y' },
  ]);
  it.each<[string, Uint8Array, RegExp]>([
    ['an empty file', new Uint8Array(), /not a tar archive.*empty/s],
    ['a page', Buffer.from('<html>'.padEnd(2000)), /not a tar archive/],
    ['an archive that ends in a member', whole.subarray(0, 900), /cut off.*600 bytes/s],
    ['an archive that ends between two members', whole.subarray(0, 1536), /cut off.*end mark/s],
    ['an archive that ends in a header', whole.subarray(0, 1700), /cut off/],
    ['a header with another checksum', Buffer.from(whole).fill(1, 1540, 1541), /damaged/],
    ['a size that is none', tarOf([{ name: 'a', size: Number.NaN }]), /makes no sense/],
    [
      'a name that is too long',
      tarOf([{ name: 'x', type: 'L', size: 2 ** 21 }]).fill(0, 600),
      /cut off|too long/,
    ],
    ['properties that are none', tarOf([{ name: 'x', type: 'x', content: '99 path=a\n' }]), /not understood/],
    ['properties that never end', tarOf([{ name: 'x', type: 'x', content: '0 path=a\n' }]), /not understood/],
    ['a negative size', tarOf([pax({ size: '-512' }), { name: 'a' }]), /makes no sense/],
  ])('%s: refused', async (_, archive, message) => {
    const error = await errorOf(list(archive));
    expect([error.code, error.explain()]).toEqual(['file-malformed', expect.stringMatching(message)]);
  });
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Registry } from '../../src/registry.js';
import { writeReport } from '../../src/report/write-report.js';
import type { Renderer } from '../../src/suites/renderer.js';
import { folder } from '../e2e/assay.js';
import { sampleResults } from './sample.js';

/** Only a renderer of a plug-in. */
const only = (render: Renderer['render']) => ({
  renderers: Registry.of<Renderer>('renderer', []).with(
    [{ name: 'mine', title: 'Mine', render }],
    'a plug-in',
  ),
});

describe('a renderer of a plug-in', () => {
  it('writes below a folder of its own, and has results of its own', async () => {
    const at = folder();
    const results = sampleResults();
    const { title } = results;
    await writeReport(
      at,
      results,
      only(async (own) => {
        own.title = 'other';
        return [
          { path: 'report.html', content: own.title },
          { path: './a/../b/c.bin', content: Uint8Array.of(0, 255) },
        ];
      }),
    );
    expect(results.title).toBe(title);
    expect(readFileSync(join(at, 'reports/mine/report.html'), 'utf8')).toBe('other');
    expect([...readFileSync(join(at, 'reports/mine/b/c.bin'))]).toEqual([0, 255]);
  });

  it.each(['../results.json', '../../x', 'a/../../x', '/tmp/x', 'C:\\x', '..\\x', '.', '..', '', 'a\0b'])(
    'is refused the path %j',
    async (path) => {
      const write = writeReport(
        folder(),
        sampleResults(),
        only(async () => [{ path, content: '' }]),
      );
      await expect(write).rejects.toMatchObject({
        code: 'plugin-invalid',
        message: 'the renderer "mine" names a file outside its folder',
        details: { found: path },
      });
    },
  );

  it.each<[string, Renderer['render']]>([
    [
      'rejects',
      async () => {
        throw new Error('no ink');
      },
    ],
    [
      'throws',
      () => {
        throw new Error('no ink');
      },
    ],
  ])('that %s is named', async (_, render) => {
    await expect(writeReport(folder(), sampleResults(), only(render))).rejects.toMatchObject({
      code: 'plugin-invalid',
      message: 'the renderer "mine" failed',
      details: { found: 'no ink' },
    });
  });

  it.each([undefined, {}, [{ path: 'x' }], [{ content: 'x' }]])(
    'that gives %j is told what belongs there',
    async (made) => {
      const render = (async () => made) as unknown as Renderer['render'];
      await expect(writeReport(folder(), sampleResults(), only(render))).rejects.toMatchObject({
        code: 'plugin-invalid',
        details: { expected: '[{ path: "summary.md", content: "..." }, ...]' },
      });
    },
  );
});

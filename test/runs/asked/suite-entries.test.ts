import { Type } from '@sinclair/typebox';
import { describe, expect, it } from 'vitest';
import { Registry } from '../../../src/registry.js';
import { builtinRunCatalogue } from '../../../src/runs/asked/run-catalogue.js';
import { suiteEntries, writtenEntry } from '../../../src/runs/asked/suite-entries.js';
import type { Suite } from '../../../src/suites/contract.js';
import { meanSuite, noisyLogits } from '../small-run.js';

const mean = meanSuite(noisyLogits({ measured: [] }));
const other = meanSuite(noisyLogits({ measured: [] }), 'other');
const knowing = (...suites: Suite[]) => ({
  ...builtinRunCatalogue,
  suites: Registry.of(
    'suite',
    suites.map((suite) => ({ name: suite.name, load: async () => suite })),
  ),
});
const known = knowing(mean, other);
const entries = (suites: Parameters<typeof suiteEntries>[0]) => suiteEntries(suites, known, 'run.yaml');

describe('the suites of a run file', () => {
  it.each([
    ['a name', ['mean'], [['mean', { scale: 1 }, 'suites[0].mean']]],
    ['a name without options', [{ mean: null }], [['mean', { scale: 1 }, 'suites[0].mean']]],
    [
      'options',
      ['other', { mean: { scale: 3 } }],
      [
        ['other', { scale: 1 }, 'suites[0].other'],
        ['mean', { scale: 3 }, 'suites[1].mean'],
      ],
    ],
    [
      'a list of options',
      [{ mean: [{ scale: 1 }, { scale: 2 }] }],
      [
        ['mean', { scale: 1 }, 'suites[0].mean[0]'],
        ['mean', { scale: 2 }, 'suites[0].mean[1]'],
      ],
    ],
  ])('may be %s', async (_, suites, wanted) => {
    expect((await entries(suites)).map(({ suite, options, path }) => [suite.name, options, path])).toEqual(
      wanted,
    );
  });

  it('may be gone without', async () => {
    const [first, second] = await entries([{ mean: { scale: 3 }, optional: true }, 'other']);
    expect([first!.options, first!.optional, second!.optional]).toEqual([{ scale: 3 }, true, undefined]);
    expect(writtenEntry(first!)).toEqual({ mean: { scale: 3 }, optional: true });
    await expect(entries([{ mean: { datasets: ['test'] } }])).rejects.toThrow(
      expect.objectContaining({
        details: expect.objectContaining({
          hint: expect.stringContaining('beside the suite: { mean: {}, datasets'),
        }),
      }),
    );
    await expect(entries([{ mean: null, optional: 'yes' }])).rejects.toThrow(
      expect.objectContaining({
        code: 'config-invalid',
        details: expect.objectContaining({ path: 'suites[0].optional' }),
      }),
    );
  });

  it('may be shown some models and data sets only', async () => {
    const beside = { mean: { scale: 3 }, models: ['a'], datasets: ['test', 'noise'] };
    const [entry] = await entries([beside]);
    expect([entry!.models, entry!.datasets]).toEqual([['a'], ['test', 'noise']]);
    expect(writtenEntry(entry!)).toEqual(beside);
    for (const [wrong, path] of [
      [{ models: 'a' }, 'suites[0].models'],
      [{ datasets: [] }, 'suites[0].datasets'],
    ] as const)
      await expect(entries([{ mean: { scale: 1 }, ...wrong }])).rejects.toThrow(
        expect.objectContaining({ code: 'config-invalid', details: expect.objectContaining({ path }) }),
      );
  });

  it('are told apart by the options in which they differ', async () => {
    const told = await entries([
      {
        mean: [
          { scale: 1, first: 3 },
          { scale: 2, first: 3 },
        ],
      },
      'other',
    ]);
    const titles = (all: typeof told) => all.map(({ title }) => title);
    expect(titles(told)).toEqual(['Mean: scale 1', 'Mean: scale 2', 'Mean']);
    expect(titles(await entries(['mean', 'mean']))).toEqual(['Mean: entry 1', 'Mean: entry 2']);
  });

  const refused: [string, Parameters<typeof suiteEntries>[0], object][] = [
    [
      'an unknown name',
      ['maen'],
      { code: 'unknown-name', details: { path: 'suites[0]', hint: 'did you mean "mean"?' } },
    ],
    [
      'options beside the name',
      ['other', { mean: null, scale: 2 }],
      { code: 'config-invalid', details: { path: 'suites[1]', hint: /indent/ } },
    ],
    ['no name', [{}], { code: 'config-invalid', details: { path: 'suites[0]' } }],
    [
      'an unknown option',
      [{ mean: [{}, { scael: 2 }] }],
      { code: 'config-invalid', details: { path: 'suites[0].mean[1].scael', hint: 'did you mean "scale"?' } },
    ],
    [
      'a value in place of options',
      [{ mean: 3 }],
      { code: 'config-invalid', details: { path: 'suites[0].mean' } },
    ],
  ];
  it.each(refused)('are refused with %s', async (_, suites, error) => {
    const caught: unknown = await entries(suites).catch((thrown: unknown) => thrown);
    const { details, ...rest } = error as { details: { hint?: string | RegExp; path: string } };
    expect(caught).toMatchObject({ ...rest, details: { file: 'run.yaml', path: details.path } });
    if (details.hint)
      expect(caught).toMatchObject({ details: { hint: expect.stringMatching(details.hint) } });
  });

  it('are refused when the suite declares its options wrongly', async () => {
    const broken = { ...mean, options: Type.Unsafe({ type: 'objekt' }) };
    await expect(suiteEntries(['mean'], knowing(broken), 'run.yaml')).rejects.toThrow(
      expect.objectContaining({ code: 'suite-failed' }),
    );
  });
});

import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { type AuditedClaim, auditClaims } from '../../src/audit/audit.js';
import { readClaims } from '../../src/audit/claims-file.js';
import { auditMarkdown, auditText } from '../../src/audit/present.js';
import { sealed } from '../../src/runs/plan/seal.js';
import type { Results } from '../../src/suites/results.js';
import { sampleRun } from '../comparison/sample-run.js';
import { assay, folder, obeyed } from '../e2e/assay.js';

/** A folder with results, accuracy 90 % of 500 and robust accuracy 30 % at 8/255 by PGD-20, and a file of claims. */
function audited(claims: unknown, change: (results: Results) => void = () => undefined): string {
  const at = folder();
  const results = sampleRun();
  change(results);
  mkdirSync(join(at, 'run'));
  writeFileSync(join(at, 'run/results.json'), JSON.stringify(sealed(results)));
  writeFileSync(join(at, 'claims.yaml'), typeof claims === 'string' ? claims : stringify(claims));
  return at;
}

const audit = async (at: string) =>
  auditClaims(await readClaims(join(at, 'claims.yaml')), { allowPartial: false });

async function auditedOne(claim: object, change?: (results: Results) => void): Promise<AuditedClaim> {
  const at = audited({ run: './run', claims: [{ source: 'a paper', ...claim }] }, change);
  return (await audit(at)).claims[0]!;
}

const accuracy = { measure: 'accuracy', where: { model: 'jem' } };
const robust = (where: object = {}) => ({
  measure: 'robust-accuracy',
  where: { epsilon: '8/255', ...where },
});

describe('a published number against a measured one', () => {
  // The interval of 90 % of 500 is [0.87, 0.92] in the sample.
  const cases: [string, object, string][] = [
    ['within the interval', { ...accuracy, value: '91.5%' }, 'reproduced'],
    ['outside of it', { ...accuracy, value: '93.0%' }, 'not reproduced'],
    ['outside of it by more than its rounding', { ...accuracy, value: '92.4%' }, 'not reproduced'],
    ['rounded to whole percent', { ...accuracy, value: '93%', tolerance: '1%' }, 'reproduced'],
    ['outside, within its tolerance', { ...accuracy, value: 0.93, tolerance: 0.01 }, 'reproduced'],
    ['outside, but of few examples itself', { ...accuracy, value: '93.0%', n: 500 }, 'reproduced'],
    ['outside, of many examples', { ...accuracy, value: '95.0%', n: 10_000 }, 'not reproduced'],
  ];
  it.each(cases)('%s', async (_, claim, outcome) => {
    expect(await auditedOne(claim)).toMatchObject({ outcome });
  });

  it('is two samples where the claim says its n: Newcombe and the z test of two proportions', async () => {
    const exact = (results: Results) => {
      // Wilson's interval of 450 of 500.
      Object.assign(results.measures[0]!, { value: 0.9, interval: [0.870578, 0.923395] });
    };
    const { difference, interval, p } = await auditedOne({ ...accuracy, value: '93.0%', n: 1000 }, exact);
    expect(difference).toBeCloseTo(-0.03, 12);
    // Newcombe (1998), method 10, by hand: Wilson's interval of 930 of 1,000 is [0.912488, 0.944218].
    expect(interval?.[0]).toBeCloseTo(-0.03 - Math.hypot(0.9 - 0.870578, 0.944218 - 0.93), 5);
    expect(interval?.[1]).toBeCloseTo(-0.03 + Math.hypot(0.923395 - 0.9, 0.93 - 0.912488), 5);
    // z = -0.03 / sqrt(0.92 x 0.08 x (1/500 + 1/1000)) = -2.01895
    expect(p).toBeCloseTo(0.04349, 4);
  });

  it('keeps the zeros that say how a number was rounded', async () => {
    const claims = ['1.00', '1', '0.9', '0.900'].map(
      (value) => `  - { source: s, value: ${value}, measure: accuracy }`,
    );
    const read = await readClaims(join(audited(`run: run\nclaims:\n${claims.join('\n')}\n`), 'claims.yaml'));
    expect(read.claims.map(({ value: { text, rounding } }) => [text, rounding])).toEqual([
      ['1.00', expect.closeTo(0.005, 12)],
      ['1', 0],
      ['0.9', expect.closeTo(0.05, 12)],
      ['0.900', expect.closeTo(0.0005, 12)],
    ]);
  });
});

describe('why a number is not reproduced or not comparable', () => {
  const addEce = (results: Results) => {
    const about = { suite: 'accuracy', measure: 'ece', title: 'ECE', better: 'lower' as const };
    for (const [bins, value] of [
      [15, 0.1],
      [30, 0.2],
    ] as const)
      results.measures.splice(1, 0, {
        ...results.measures[0]!,
        ...about,
        params: { bins },
        value,
        interval: [value - 0.02, value + 0.02],
      });
    results.suites[0]!.measures = 3;
  };
  const part = (results: Results) => {
    results.datasets[0]!.note = 'the first 500 of 10000 examples; NumPy array';
  };
  type Case = [string, object, AuditedClaim['outcome'], RegExp | null, ((results: Results) => void)?];
  const cases: Case[] = [
    [
      'a weaker attack',
      { ...robust({ steps: 40 }), value: '25%' },
      'not comparable',
      /^the attack is weaker: steps 20 here, 40 in the claim; so robust accuracy here is an upper bound$/,
    ],
    ['a weaker attack that agrees', { ...robust({ steps: 40 }), value: '30%' }, 'not comparable', /weaker/],
    [
      'a weaker attack by its name',
      { ...robust({ method: 'autoattack' }), value: '20%' },
      'not comparable',
      /weaker: method pgd here, autoattack/,
    ],
    [
      'a weaker attack that breaks more all the same',
      { ...robust({ steps: 40 }), value: '50%' },
      'not reproduced',
      /and yet it breaks more than the claim allows/,
    ],
    [
      'a stronger attack',
      { ...robust({ steps: 10 }), value: '50%' },
      'not comparable',
      /^the attack is stronger: steps 20 here, 10/,
    ],
    [
      'a stronger attack that breaks less',
      { ...robust({ steps: 10 }), value: '10%' },
      'not reproduced',
      /and yet it breaks less/,
    ],
    [
      'another radius',
      { ...robust({ epsilon: '2/255' }), value: '70%' },
      'not comparable',
      /^other radius: epsilon . ?\/?\d*.*here, 2\/255 in the claim$/,
    ],
    ['the same radius, as a decimal', { ...robust({ epsilon: 0.03137 }), value: '30%' }, 'reproduced', null],
    [
      'another attack than the source says nothing of',
      { ...robust(), value: '10%' },
      'not reproduced',
      /^the attack may be weaker than that of the source \(steps 20, method pgd\)/,
    ],
    ['an error rate', { ...accuracy, value: '10.0%' }, 'not reproduced', /one minus the claim agrees/],
    [
      'other bins',
      { measure: 'ece', where: { bins: 15 }, value: '20.0%' },
      'not reproduced',
      /^other convention: ece with bins 30 is 0\.2, which agrees/,
      addEce,
    ],
    [
      'other bins than any here',
      { measure: 'ece', where: { bins: 10 }, value: '10.0%' },
      'not comparable',
      /^other convention: bins \d\d here, 10 in the claim$/,
      addEce,
    ],
    [
      'other images',
      { ...accuracy, value: '90%', data: { fingerprint: 'ffffffff' } },
      'not comparable',
      /^other data: data set fingerprint aaaa here, fingerprint ffffffff/,
    ],
    [
      'another split',
      { ...accuracy, value: '90%', data: { split: 'train' } },
      'not comparable',
      /^other data: split test here, train/,
    ],
    [
      'fewer images',
      { ...accuracy, value: '95.0%', data: { size: 10_000 } },
      'not reproduced',
      /^other data: 500 examples here, 10000 in the claim$/,
    ],
    [
      'a part of the data',
      { ...accuracy, value: '95.0%' },
      'not reproduced',
      /^other data: the first 500 of 10000 examples$/,
      part,
    ],
    [
      'a measure that the run lacks',
      { measure: 'acuracy', value: '90%' },
      'not comparable',
      /no measure "acuracy"; did you mean "accuracy"\?$/,
    ],
    [
      'a model that the run lacks',
      { measure: 'accuracy', where: { model: 'plain' }, value: '90%' },
      'not comparable',
      /no model "plain" for accuracy; there are jem$/,
    ],
  ];
  it.each(cases)('%s', async (_, claim, outcome, cause, change) => {
    const one = await auditedOne(claim, change);
    expect(one.outcome, one.causes.join()).toBe(outcome);
    if (cause)
      expect(one.causes.at(outcome === 'not reproduced' && /yet/.test(cause.source) ? -1 : 0)).toMatch(cause);
    else expect(one.causes).toEqual([]);
  });
});

describe('assay audit', () => {
  const CLAIMS = {
    run: 'run',
    claims: [
      { name: 'clean', source: 'Table 1', value: '90%', measure: 'accuracy' },
      {
        name: 'robust | PGD',
        source: 'Table 2',
        value: '70%',
        measure: 'robust-accuracy',
        where: { epsilon: '8/255' },
      },
    ],
  };

  it('lists misses first, with causes below, and as Markdown in which names stay names', async () => {
    const result = await audit(audited(CLAIMS));
    const lines = auditText(result).split('\n');
    expect(lines[1]).toMatch(
      /^not reproduced +70% +30\.0% +\[26\.0, 34\.0\] +500 +−40\.0 pp \[−44\.0, −36\.0\] +– +robust \| PGD +Table 2$/,
    );
    expect(lines.at(-1)).toBe('1 of 2 claims reproduced, 1 not reproduced.');
    expect(auditMarkdown(result)).toMatch(
      /^\| outcome \| claimed .*\n\| --- .*\n\| not reproduced \|.*\| robust &#124; PGD \|/,
    );
  });

  it('ends with 0 when every claim is reproduced, else with 1', async () => {
    expect(await obeyed(['audit', 'claims.yaml'], audited(CLAIMS))).toMatchObject({ code: 1, stderr: '' });
    const held = { ...CLAIMS, claims: CLAIMS.claims.slice(0, 1) };
    const { code, stdout } = await assay(['audit', 'claims.yaml', '--json'], audited(held));
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      version: 1,
      claims: [{ outcome: 'reproduced', measured: { size: 500 } }],
    });
  });

  const claim = { source: 's', value: '90%', measure: 'accuracy' };
  const refusals: [string, unknown, RegExp][] = [
    ['no run folder', { claims: [claim] }, /config-invalid.*claims\[0\]\.run.*add `run: DIR`/s],
    ['a run folder that is not there', { run: 'nowhere', claims: [claim] }, /file-unreadable.*nowhere/s],
    [
      'a value that is no number',
      { run: 'run', claims: [{ ...claim, value: '92,9' }] },
      /config-invalid.*claims\[0\]\.value.*92,9.*with a point/s,
    ],
    [
      'percent without its sign',
      { run: 'run', claims: [{ ...claim, value: 92.9 }] },
      /config-invalid.*larger than 1.*write 92\.9%/s,
    ],
    [
      'a key that is misspelt',
      { run: 'run', claims: [{ ...claim, tolerence: 1 }] },
      /did you mean "tolerance"/,
    ],
    [
      'a parameter that no such measure has',
      { run: 'run', claims: [{ ...claim, ...robust({ stepz: 1 }) }] },
      /unknown-name.*claims\[0\]\.where\.stepz.*did you mean "steps"/s,
    ],
    [
      'several that fit',
      { run: 'run', claims: [{ ...claim, measure: 'robust-accuracy' }] },
      /2 measures fit a claim.*add epsilon \(4\/255, 8\/255\)/s,
    ],
    ['no claims', { run: 'run', claims: [] }, /config-invalid/],
  ];
  it.each(refusals)('refuses %s', async (_, claims, says) => {
    expect(await obeyed(['audit', 'claims.yaml'], audited(claims))).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(says),
    });
  });

  it('judges the example of the documentation', async () => {
    const at = folder();
    const example = new URL('../../examples/audit/', import.meta.url).pathname;
    expect(await obeyed(['run', join(example, 'jem.run.yaml'), '--out', join(at, 'jem')], at)).toMatchObject({
      code: 0,
    });
    cpSync(join(example, 'claims.yaml'), join(at, 'claims.yaml'));
    const result = await audit(at);
    expect(result.claims.map(({ outcome }) => outcome)).toEqual([
      'reproduced',
      'reproduced',
      'not reproduced',
      'not comparable',
      'not comparable',
    ]);
    expect(readFileSync(join(at, 'claims.yaml'), 'utf8')).toContain('assay audit examples/audit/claims.yaml');
  });
});

// @module-tag slow
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import type { GateRule } from '../../src/gate/rule.js';
import type { Results } from '../../src/suites/results.js';
import { folder, obeyed } from './assay.js';
import { project, runFile, savedResults } from './project.js';

const SIZE = 300;
const ATTACK = {
  norm: 'Linf',
  method: 'fgsm',
  epsilons: ['32/255', '40/255'],
  checks: false,
  pictures: 0,
};
const SUITES = ['accuracy', { attack: ATTACK }];

const robust = (epsilon: string, min: number): GateRule => ({
  measure: 'robust-accuracy',
  where: { model: 'sharp', epsilon },
  min,
});

/** Writes the run file anew and runs it. */
function run(at: string, gates: GateRule[], flags: string[] = [], suites: unknown[] = SUITES) {
  writeFileSync(join(at, 'small.run.yaml'), stringify(runFile({ suites, gates })));
  return obeyed(['run', 'small.run.yaml', '--out', 'out', ...flags], at);
}

const UNTIL = ['--until-decided'];

/** The data and models; what all examples give is 0.83 at 32/255 and 0.5 at 40/255. */
const once = mkdtempSync(join(tmpdir(), 'assay-decided-'));
let all: Pick<Results, 'measures' | 'costs'>;
beforeAll(async () => {
  project(once, {}, SIZE);
  expect(await run(once, [])).toMatchObject({ code: 0 });
  all = savedResults(join(once, 'out'));
  rmSync(join(once, 'out'), { recursive: true });
});
afterAll(() => rmSync(once, { recursive: true }));

function fresh(): { at: string; out: string } {
  const at = folder();
  cpSync(once, at, { recursive: true });
  return { at, out: join(at, 'out') };
}

const robustIn = ({ measures }: Pick<Results, 'measures'>, epsilon: string) =>
  measures.find(
    ({ measure, model, params }) =>
      measure === 'robust-accuracy' && model === 'sharp' && params.epsilon === epsilon,
  );

const passesIn = ({ costs }: Pick<Results, 'costs'>) =>
  costs.reduce((sum, { forward, gradient }) => sum + forward + gradient, 0);

describe('assay run --until-decided', () => {
  it('stops early where a gate clearly holds and one clearly fails, with the verdicts of all examples', async () => {
    const { at, out } = fresh();
    expect(robustIn(all, '32/255')?.value).toBe(0.83);
    const gates = [robust('32/255', 0.6), robust('40/255', 0.8), { ...robust('40/255', 0.8), level: 'warn' }];
    const ended = await run(at, gates as GateRule[], UNTIL);
    expect(ended).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/\nstopped after \d+ of 300 examples: 3 of 3 gates decided/),
      stdout: expect.stringMatching(
        /Stopped when every gate was decided at 95 %: \d+ of \d+ units were measured, which saved about .* passes\.\n {2}Adversarial robustness on test: \d+ of 300 examples\n {2}Accuracy on test: not measured, since no gate rests on it/,
      ),
    });
    const results = savedResults(out);
    expect(results).toMatchObject({ status: 'stopped', errors: [] });
    expect(results.comparisons).toBeUndefined();
    expect(results.gates.map(({ passed }) => passed)).toEqual([true, false, false]);
    const measure = robustIn(results, '32/255');
    expect(measure).toMatchObject({ of: SIZE, method: 'confidence-sequence' });
    const [low, high] = measure?.interval ?? [];
    expect(low).toBeLessThanOrEqual(0.83);
    expect(high).toBeGreaterThanOrEqual(0.83);
    expect(passesIn(results)).toBeLessThan(0.7 * passesIn(all));
    expect(results.stopped?.passes.measured).toBe(passesIn(results));
    const page = readFileSync(join(out, 'report.html'), 'utf8');
    expect(page.indexOf('Stopped when every gate was decided')).toBeLessThan(page.indexOf('id="gates"'));
    expect(page).toContain(`${measure?.n} of 300`);

    // Nobody waits for what was left out.
    expect(JSON.parse((await obeyed(['status', 'out', '--json'], at)).stdout)).toMatchObject({ waiting: 0 });

    // A run that stopped is judged again, and is complete for nothing else.
    expect(await obeyed(['gate', 'out'], at)).toMatchObject({ code: 1 });
    writeFileSync(join(at, 'other.yaml'), stringify({ gates: [robust('40/255', 0.5)] }));
    expect(await obeyed(['gate', 'out', '--gates', 'other.yaml'], at)).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/measuring stopped at \d+ of 300 examples, and these do not decide it/),
    });
    const claims = {
      claims: [
        { source: 'a paper', run: 'out', measure: 'robust-accuracy', value: 0.8, where: { model: 'sharp' } },
      ],
    };
    writeFileSync(join(at, 'claims.yaml'), stringify(claims));
    for (const words of [
      ['bless', 'out'],
      ['export', 'mlflow', 'out', '--allow-partial'],
      ['compare', 'out:sharp', 'out:flat', '--allow', 'partial'],
      ['table', 'robustbench', 'out'],
      ['audit', 'claims.yaml', '--allow-partial'],
    ])
      await expect(obeyed(words, at), words.join(' ')).resolves.toMatchObject({
        code: 2,
        stderr: expect.stringMatching(/error\[results-stopped\].*without --until-decided/s),
      });

    // The same again measures nothing and says the same.
    const again = await run(at, gates as GateRule[], UNTIL);
    expect(again).toMatchObject({ code: 1, stdout: expect.stringMatching(/\nNothing was measured anew/) });
    expect(savedResults(out)).toEqual(results);

    // Without the option the rest is measured, and all is as if it had been measured at once.
    const completed = await run(at, gates as GateRule[]);
    expect(completed).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/what --until-decided measured is used again/),
    });
    expect(savedResults(out)).toMatchObject({
      status: 'complete',
      measures: all.measures,
      gates: [{ passed: true }, { passed: false }, { passed: false }],
    });
  });

  it('measures everything where a gate is close, and judges it as a run of everything does', async () => {
    const { at, out } = fresh();
    const gates = [robust('40/255', 0.5)];
    expect(await run(at, gates, UNTIL, [{ attack: ATTACK }])).toMatchObject({ code: 0 });
    const results = savedResults(out);
    expect(results.status).toBe('complete');
    expect(robustIn(results, '40/255')).toEqual(robustIn(all, '40/255'));
    expect(results.gates[0]).toMatchObject({ passed: true, value: 0.5, margin: 0, method: 'wilson' });
    expect(await obeyed(['bless', 'out'], at)).toMatchObject({ code: 0 });
  });

  it('saves no clean pass where a card expects an accuracy, and claims none', async () => {
    const { at, out } = fresh();
    const card = join(at, 'sharp.model.yaml');
    writeFileSync(card, `${readFileSync(card, 'utf8')}\nexpect: { accuracy: 0.8, tolerance: 0.3 }\n`);
    const gates: GateRule[] = [{ measure: 'accuracy', where: { model: 'sharp' }, min: 0.5 }];
    expect(await run(at, gates, UNTIL, ['accuracy'])).toMatchObject({ code: 0 });
    const { stopped, systems } = savedResults(out);
    // Of the one model all images were seen, of each other none that the gate needs not.
    const { n = 0 } = stopped?.samples[0] ?? {};
    expect(n).toBeGreaterThan(0);
    expect(n).toBeLessThan(SIZE);
    expect(stopped?.passes).toEqual({
      measured: SIZE + (systems.length - 1) * n,
      saved: (systems.length - 1) * (SIZE - n),
    });
  });

  it('measures to the end, and names, what no sequence decides', async () => {
    const { at, out } = fresh();
    const gates: GateRule[] = [robust('32/255', 0.6), { measure: 'nll', where: { model: 'sharp' }, max: 5 }];
    expect(await run(at, gates, UNTIL)).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(
        /measured to the end, since nll is no share of examples: nll \(model sharp\) at most 5/,
      ),
    });
    const { stopped, measures } = savedResults(out);
    expect(stopped?.whole).toEqual([
      { gate: 1, rule: 'nll (model sharp) at most 5', reason: 'nll is no share of examples' },
    ]);
    expect(measures.find(({ measure }) => measure === 'nll')).toMatchObject({ n: SIZE, method: 'bootstrap' });
    expect(robustIn({ measures }, '32/255')?.of).toBe(SIZE);
  });

  it('measures a part of the suites, of which the others want more of the same', async () => {
    const { at, out } = fresh();
    const gate: GateRule = { ...robust('40/255', 0), min: undefined, over: 'flat', maxDecrease: 1 };
    const suites = ['accuracy', { attack: { ...ATTACK, examples: 40 } }];
    expect(await run(at, [gate], UNTIL, suites)).toMatchObject({ code: 0 });
    const { stopped, gates } = savedResults(out);
    expect(stopped?.omitted).toMatchObject([{ suite: 'accuracy', dataset: 'test' }]);
    expect(gates).toMatchObject([{ passed: true, n: 40 }]);
  });

  it('wants gates', async () => {
    const { at } = fresh();
    await expect(run(at, [], UNTIL)).resolves.toMatchObject({
      code: 2,
      stderr: expect.stringMatching(
        /error\[config-invalid\].*at gates.*add `gates` to the run file, or leave/s,
      ),
    });
  });
});

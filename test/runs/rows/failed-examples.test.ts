import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { check } from '../../../src/config/validate.js';
import { createOrtEngine } from '../../../src/engines/ort/engine.js';
import type { GateRule } from '../../../src/gate/rule.js';
import { GraphBuilder, int } from '../../../src/graph/build.js';
import { modelOf } from '../../../src/models/assemble.js';
import { NotFinite } from '../../../src/models/finite.js';
import type { Batch, System } from '../../../src/models/system.js';
import type { SuiteEntry } from '../../../src/runs/asked/suite-entries.js';
import { casualtiesOf, leaveOutFailed, nothingIsLeft } from '../../../src/runs/rows/failed-summary.js';
import { runEvaluation } from '../../../src/runs/run-evaluation.js';
import { builtinCatalogue } from '../../../src/suites/catalogue.js';
import { type Collected, optionsOf, type Request, type Suite } from '../../../src/suites/contract.js';
import { accuracy } from '../../../suites/accuracy/index.js';
import { attack } from '../../../suites/attack/index.js';
import { entryOf, evaluationOf, folder, plus, points } from '../small-run.js';

/** `plus`, but for images that `spoils` says it has no numbers for. */
function spoilt(calls: 'forward' | 'gradient', spoils: (first: number) => boolean): System {
  const refuse = ({ n, pixels }: Batch) => {
    for (let i = 0; i < n; i++) if (spoils(pixels[2 * i]!)) throw new NotFinite('a logit of "plus" is NaN');
  };
  return {
    ...plus,
    info: { ...plus.info, name: 'spoilt', identity: `spoilt ${calls}` },
    batchSize: 4,
    async forward(batch) {
      if (calls === 'forward') refuse(batch);
      return plus.forward(batch);
    },
    /** Of the margin, which any loss of two logits climbs along. */
    async gradient(batch) {
      refuse(batch);
      const { pixels, labels } = batch;
      const sign = (i: number) => (labels?.[i] === 0 ? 1 : -1);
      return {
        ...(await plus.forward(batch)),
        loss: Float32Array.from(
          { length: batch.n },
          (_, i) => sign(i) * (pixels[2 * i + 1]! - pixels[2 * i]!),
        ),
        gradient: Float32Array.from(pixels, (_, at) => (at % 2 ? 1 : -1) * sign(Math.floor(at / 2))),
      };
    },
  };
}

function start(system: System, entries: SuiteEntry[], out = folder(), gates: GateRule[] = []) {
  const spec = {
    title: 'small',
    file: 'small.run.yaml',
    directory: out,
    config: {},
    evaluation: evaluationOf([...new Set([plus, system])], [points(30)]),
    entries,
    gates,
    expectations: [],
    partial: new Set<string>(),
    warnings: [],
  };
  const signal = new AbortController().signal;
  return runEvaluation(spec, { out, signal, notify: () => undefined });
}

// The first pixel of example i is (7 i mod 10) / 10: 0.3 in examples 9, 19 and 29.
const isSpoilt = (first: number) => Math.abs(first - 0.3) < 1e-3;
const options = (suite: typeof attack | typeof accuracy, given: object) =>
  ({
    ...entryOf(suite),
    options: check(optionsOf(suite as Suite, builtinCatalogue), given, { what: 'options' }),
  }) as SuiteEntry;

it('an example without a finite logit is told and counted apart, and the rest goes on', async () => {
  const out = folder();
  const { results, exitCode } = await start(spoilt('forward', isSpoilt), [options(accuracy, {})], out);
  expect(exitCode).toBe(0);
  const of = (model: string, measure: string) =>
    results.measures.find((m) => m.model === model && m.measure === measure);
  expect(of('spoilt', 'accuracy')).toMatchObject({ value: 1, n: 27 });
  expect(of('plus', 'accuracy')).toMatchObject({ value: 1, n: 30 });
  expect(of('spoilt', 'failed-examples')).toMatchObject({ value: 3, n: 30 });
  expect(of('plus', 'failed-examples')).toMatchObject({ value: 0, n: 30 });
  expect(results.warnings).toContainEqual(
    expect.objectContaining({
      code: 'failed-examples',
      message: '3 of 30 examples failed for "spoilt": examples 9, 19, 29 of "test": a logit of "plus" is NaN',
    }),
  );
  expect(readFileSync(join(out, 'examples/accuracy-failed.csv'), 'utf8').split('\n')[1]).toBe(
    'spoilt,test,9,clean,"a logit of ""plus"" is NaN"',
  );
});

it('an example without a finite gradient is not robust, and not broken', async () => {
  const given = { norm: 'Linf', method: 'pgd', steps: 3, epsilons: [0.05], randomStart: false };
  const { results } = await start(spoilt('gradient', isSpoilt), [options(attack, given)]);
  const robust = results.measures.find((m) => m.model === 'spoilt' && m.measure === 'robust-accuracy');
  // Of the others, those whose pixels are less than 0.1 apart are broken: (0, 0) and (0.5, 0.5).
  expect([robust?.n, Math.round(27 * (robust?.value ?? 0))]).toEqual([27, 21]);
  expect(results.warnings.some(({ code, model }) => code === 'failed-examples' && model === 'spoilt')).toBe(
    true,
  );
});

it('a gate can ask for none, also where nothing failed', async () => {
  const gates = [{ measure: 'failed-examples', max: 0 }];
  const { exitCode } = await start(plus, [options(accuracy, {})], folder(), gates);
  expect(exitCode).toBe(0);
  const failing = gates.map((gate) => ({ ...gate, where: { model: 'spoilt' } }));
  const spoiltRun = await start(spoilt('forward', isSpoilt), [options(accuracy, {})], folder(), failing);
  expect(spoiltRun.exitCode).toBe(1);
});

it('is an error where every example fails', async () => {
  const { exitCode, failures, results } = await start(
    spoilt('forward', () => true),
    [options(accuracy, {})],
  );
  expect(exitCode).toBe(2);
  expect(failures).toMatchObject([{ message: 'every example failed for "spoilt"' }]);
  expect(results.measures.some(({ model }) => model === 'plus')).toBe(true);
});

it('the first example that fails says at which node it begins: of the network, or of its gradient', async () => {
  const engine = createOrtEngine({ sessions: 1 });
  onTestFinished(() => engine.close());
  // Roots of the pixels have infinite slopes at 0, where some examples are and others come to be.
  const b = new GraphBuilder();
  const x = b.op('Flatten', [b.input('x', 'float32', ['N', 1, 1, 2])], { axis: int(1) });
  b.add({ name: '/stem/Sqrt', op: 'Sqrt', domain: '', inputs: [x], outputs: ['roots'], attributes: {} });
  b.outputAs('roots', 'logits', 'float32', ['N', 2]);
  const card = { name: 'roots', checkpoint: './m.onnx', input: { shape: [1, 1, 2] }, classes: 2 };
  const model = await modelOf(b.build(), card, engine);
  onTestFinished(() => model.close());
  const given = { norm: 'Linf', method: 'pgd', steps: 3, epsilons: [0.05], randomStart: false };
  const out = folder();
  const { results } = await start(model, [options(attack, given)], out);
  const warning = results.warnings.find(({ code }) => code === 'failed-examples');
  expect(warning?.message).toMatch(
    /^7 of 30 examples failed for "roots": examples 0, 10, .* of "test": the gradient of cross-entropy of "roots" is NaN \(NaN at position 0\), first at node "\/stem\/Sqrt\/gradient\/\w+" \(Div\)$/,
  );
  // It is looked for once in each of the two units: the others tell what, not where.
  const sheet = readFileSync(join(out, 'examples/attack-failed.csv'), 'utf8');
  expect(sheet.match(/first at node/g)).toHaveLength(2);
});

it('an example that failed is left out of all rows, or where requests are apart of those that read each other', () => {
  const asked = (name: string, inputs: readonly Request[] = []) =>
    ({ measurement: { name }, system: 'plus', dataset: 'points', params: {}, inputs }) as unknown as Request;
  const drawn = asked('drawn');
  const requests = [drawn, asked('said', [drawn]), asked('others')];
  const collected = requests.map((request): Collected => {
    const indices = Int32Array.from([0, 1, 2]);
    const failed = request.measurement.name === 'said' ? [{ example: 1, what: 'NaN' }] : [];
    return { request, indices, rows: { value: { shape: [3], data: Float32Array.from([5, 6, 7]) } }, failed };
  });
  const left = (apart: boolean) =>
    leaveOutFailed(collected, apart).map(({ indices, rows }) => [[...indices], [...rows.value!.data]]);
  const [whole, without] = [
    [
      [0, 1, 2],
      [5, 6, 7],
    ],
    [
      [0, 2],
      [5, 7],
    ],
  ];
  expect(left(false)).toEqual([without, without, without]);
  expect(left(true)).toEqual([without, without, whole]);
});

it('where requests are apart, one of which nothing is left takes no other with it, nor do halves of two', () => {
  const asked = (name: string, failed: readonly number[], inputs: readonly Request[] = []): Collected => ({
    request: {
      ...{ measurement: { name }, system: 'plus', dataset: 'points', params: {}, inputs },
    } as unknown as Request,
    indices: Int32Array.from([0, 1, 2, 3]),
    rows: { value: { shape: [4], data: Float32Array.from([5, 6, 7, 8]) } },
    failed: failed.map((example) => ({ example, what: 'NaN' })),
  });
  const judge = (collected: readonly Collected[]) => ({
    gone: casualtiesOf(collected).some((one) => nothingIsLeft(one, collected, true)),
    left: leaveOutFailed(collected, true).map(({ request, indices }) => [
      request.measurement.name,
      ...indices,
    ]),
  });
  const sound = asked('sound', []);
  const buffer = asked('buffer', [0, 1, 2, 3]);
  expect(judge([sound, buffer, asked('read', [0, 1, 2, 3], [buffer.request])])).toEqual({
    gone: false,
    left: [['sound', 0, 1, 2, 3]],
  });
  expect(judge([asked('some', [0, 1]), asked('others', [2, 3])])).toEqual({
    gone: false,
    left: [
      ['some', 2, 3],
      ['others', 0, 1],
    ],
  });
  // Side by side nothing is left, though each has something.
  const drawn = asked('drawn', [0, 1]);
  expect(judge([sound, drawn, asked('seen', [2, 3], [drawn.request])]).left).toEqual([['sound', 0, 1, 2, 3]]);
  // Who reads chains, and fails at all of them, does not take the chains away.
  expect(judge([sound, asked('seen', [0, 1, 2, 3], [sound.request])]).left).toEqual([['sound', 0, 1, 2, 3]]);
  expect(judge([buffer, asked('read', [0, 1, 2, 3], [buffer.request])])).toEqual({ gone: true, left: [] });
});

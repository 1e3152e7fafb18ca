import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { check } from '../../../src/config/validate.js';
import { encodeNpz } from '../../../src/data/arrays/npz.js';
import { createOrtEngine } from '../../../src/engines/ort/engine.js';
import { AssayError } from '../../../src/errors.js';
import { RunFile } from '../../../src/runs/asked/run-file.js';
import { judgedOn, race } from '../../../src/runs/opening/accuracy-race.js';
import { openInputs } from '../../../src/runs/opening/open-inputs.js';
import { DoubleNetwork, type Planes, relu } from '../../architectures/double-network.js';
import { float32, torchZip } from '../../checkpoints/torch-writer.js';
import { uniforms } from '../../models/networks.js';
import { folder, plus, points } from '../small-run.js';

const engine = createOrtEngine({ sessions: 1 });
afterAll(() => engine.close());

const SIDE = 8;
const N = 120;
const bytes = Uint8Array.from(uniforms('choices', N * SIDE * SIDE), (u) => Math.floor(256 * u));

/** A strided network without pools; pools fit its sizes as well. */
const TRUTH = { stride: [2, 1], padding: [1, 1], poolAfter: [] };

function strided(net: DoubleNetwork, x: Planes): Float64Array {
  const first = relu(net.conv(x, 'conv1', { out: 4, kernel: 3, stride: 2, padding: 1 }));
  const second = relu(net.conv(first, 'conv2', { out: 5, kernel: 3, padding: 1 }));
  return net.linear(second, 'fc1', 3).data;
}

interface Given {
  architecture?: object;
  accuracy?: number;
  tolerance?: number;
  /** Added to every label. */
  shift?: number;
  labelled?: boolean;
}

/** A run file whose labels are the network's own answers, in a folder of its own. */
function place({ architecture, accuracy, tolerance, shift = 0, labelled = true }: Given) {
  const directory = folder();
  const net = new DoubleNetwork();
  const rows = Array.from({ length: N }, (_, i) => {
    const pixels = bytes.subarray(i * SIDE * SIDE, (i + 1) * SIDE * SIDE);
    return [...strided(net, { dims: [1, SIDE, SIDE], data: Float64Array.from(pixels, (v) => v / 255) })];
  });
  // The bias is moved so that no class is always the answer.
  const means = [0, 1, 2].map((k) => rows.reduce((sum, row) => sum + row[k]! / N, 0));
  const labels = Int32Array.from(rows, (row) => {
    const centred = row.map((v, k) => v - means[k]!);
    return (centred.indexOf(Math.max(...centred)) + shift) % 3;
  });
  const bias = new Float32Array(net.tensors['fc1.bias']!.bytes.buffer);
  const moved = float32(
    [3],
    bias.map((v, k) => v - means[k]!),
  );
  writeFileSync(join(directory, 'm.pt'), torchZip({ ...net.tensors, 'fc1.bias': moved }));
  writeFileSync(
    join(directory, 'test.npz'),
    encodeNpz({
      images: { shape: [N, SIDE, SIDE, 1], data: bytes },
      ...(labelled && { labels: { shape: [N], data: labels } }),
    }),
  );
  const card = {
    name: 'm',
    checkpoint: './m.pt',
    ...(architecture && { architecture: { name: 'cnn', ...architecture } }),
    input: { shape: [1, SIDE, SIDE] },
    classes: 3,
    ...(accuracy !== undefined && { expect: { accuracy, ...(tolerance !== undefined && { tolerance }) } }),
  };
  const config = check(
    RunFile,
    { models: [card], datasets: { test: { path: './test.npz' } }, suites: ['accuracy'] },
    { what: 'run file' },
  );
  return { config, file: join(directory, 'r.run.yaml'), directory, title: 'r', digest: '' };
}

async function opened(given: Given, at = place(given)) {
  const inputs = await openInputs(at, engine, { seed: 0 });
  await inputs.close();
  const info = inputs.evaluation.systems.get('m')?.info;
  return { info, card: (inputs.config.models as { architecture?: object }[])[0]! };
}

const refusal = (given: Given): Promise<AssayError> =>
  opened(given).then(
    () => Promise.reject(new Error('it was taken')),
    (error) => (error instanceof AssayError ? error : Promise.reject(error)),
  );

it('the only setting that reaches the expected accuracy is taken, and said', async () => {
  const at = place({ accuracy: 1 });
  const { info, card } = await opened({}, at);
  const config = {
    ...at.config,
    models: [{ ...(at.config.models[0] as object), architecture: { name: 'cnn', ...TRUTH } }],
  };
  const said = await opened({}, { ...at, config });
  expect(card.architecture).toMatchObject({ name: 'cnn', ...TRUTH });
  expect(info?.identity).toBe(said.info?.identity);
  const note = info?.notes?.find(({ code }) => code === 'network-chosen-by-accuracy');
  expect(note?.severity).toBe('note');
  expect(note?.message).toMatch(
    /^the card leaves stride, padding, poolAfter open; of \d+ settings only \{ stride: \[2, 1\], padding: \[1, 1\], poolAfter: \[\] \} reaches 100\.00 % within 1\.00 % on "test" \(120 examples\): 100\.00 %\. The others: (\{[^}]+\}: \d+\.\d\d %(; )?)+$/,
  );
});

it('what the card says narrows what is tried', async () => {
  const { info } = await opened({ architecture: { padding: [1, 1] }, accuracy: 1 });
  expect(info?.notes?.map(({ message }) => message).join()).not.toMatch(/padding: \[0/);
});

it('a card that expects nothing stops, and the way out that the error names works', async () => {
  const error = await refusal({});
  expect([error.code, error.details.path]).toEqual(['config-invalid', 'architecture.stride']);
  expect(error.details.hint).toMatch(/`expect: \{ accuracy: \.\.\. \}`/);
});

it('where none reaches it, each is told with its accuracy', async () => {
  const error = await refusal({ accuracy: 1, shift: 1 });
  expect([error.code, error.details.path]).toEqual(['expectation-missed', 'expect.accuracy']);
  expect(error.details.also).toContainEqual('{ stride: [2, 1], padding: [1, 1], poolAfter: [] }: 0.00 %');
});

it('where several reach it, the keys decide, and a smaller tolerance does', async () => {
  const error = await refusal({ accuracy: 1, tolerance: 1 });
  expect([error.code, error.details.path]).toEqual(['config-invalid', 'architecture.stride']);
  expect(error.message).toMatch(/^\d+ settings of stride, padding, poolAfter fit .* and reach the accuracy/);
  expect(error.details.hint).toMatch(/under `architecture` in the card.*smaller `expect.tolerance`/);
  await opened({ accuracy: 1, tolerance: 1, architecture: TRUTH });
  await opened({ accuracy: 1, tolerance: 0.005 });
});

it('without labels there is nothing to choose by', async () => {
  expect(await refusal({ accuracy: 1, labelled: false })).toMatchObject({
    code: 'data-invalid',
    details: { path: 'expect.accuracy' },
  });
});

it('a large data set is judged by examples spread evenly, which the text says', async () => {
  const images = Array.from({ length: 20_001 }, () => [1, 0]);
  // Right in the first half, wrong in the second.
  const labels = images.map((_, i) => (i < 10_000 ? 0 : 1));
  const half = judgedOn(points(0, { images, labels }), { accuracy: 0.5 }, false);
  expect(half.wanted).toBe('50.00 % within 2.50 % on "test" (10000 of 20001 examples, spread evenly)');
  expect(await race(plus, half)).toEqual({ reaches: true, result: '50.00 %' });
  const whole = judgedOn(points(0, { images, labels }), { accuracy: 0.9 }, false);
  expect(await race(plus, whole)).toEqual({
    reaches: false,
    result: expect.stringMatching(/ % of the first \d+$/),
  });
});

// @module-tag slow
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import type { GraphBuilder } from '../../src/graph/build.js';
import { writeOnnx } from '../../src/graph/write.js';
import { assay, folder, obeyed } from './assay.js';
import { ATTACK, card, network, project, savedResults } from './project.js';

/** Quantised logits behind a softmax, as a deployed network may have them. */
const quantised = (b: GraphBuilder, sums: string) => {
  const scale = b.scalar(1 / 16);
  const restored = b.op('DequantizeLinear', [b.op('QuantizeLinear', [sums, scale]), scale], {}, 'scores');
  b.outputAs(b.op('Softmax', [restored]), 'probabilities', 'float32', ['N', 3]);
};

/** Through an operator without a gradient rule that leaves the logits as they are. */
const ruleless = (b: GraphBuilder, sums: string) => {
  const apart = b.op('Unsqueeze', [sums, b.ints([2, 3])]);
  b.outputAs(b.op('Det', [apart]), 'logits', 'float32', ['N', 3]);
};

it('init for a network without gradients writes suites that run on it, and says what is left out', async () => {
  const at = folder();
  project(at, {}, 12);
  writeFileSync(join(at, 'ruleless.onnx'), writeOnnx(network({ head: ruleless })));
  expect(await assay(['init', '--checkpoint', 'ruleless.onnx'], at)).toMatchObject({ code: 0 });
  expect(readFileSync(join(at, 'ruleless.run.yaml'), 'utf8')).toMatch(
    /^ {2}# attack is left out, since it follows gradients: there is no gradient rule for Det, at node/m,
  );
  const ended = await obeyed(['run', 'ruleless.run.yaml', '--out', 'out'], at);
  expect([ended.code, ended.stderr]).toEqual([0, expect.not.stringMatching(/error/)]);
  expect(savedResults(join(at, 'out')).suites.map(({ suite }) => suite)).toEqual(['accuracy', 'calibration']);
});

function deployed(at: string): void {
  const models = ['./quantised.model.yaml', './ruleless.model.yaml'];
  project(at, { models, suites: ['accuracy', { ood: { resamples: 100 } }, { attack: ATTACK }] }, 12);
  for (const [name, head] of Object.entries({ quantised, ruleless })) {
    writeFileSync(join(at, `${name}.onnx`), writeOnnx(network({ head })));
    writeFileSync(join(at, `${name}.model.yaml`), stringify(card(name)));
  }
}

describe('networks as they are deployed', () => {
  it('run, and the report tells how they were used', async () => {
    const at = folder();
    deployed(at);
    const ended = await obeyed(['run', 'small.run.yaml', '--out', 'out'], at);
    expect([ended.code, ended.stderr]).toEqual([0, expect.any(String)]);
    const { measures, notApplicable, warnings } = savedResults(join(at, 'out'));
    for (const model of ['quantised', 'ruleless'])
      for (const measure of ['accuracy', 'auroc'])
        expect(measures.some((m) => m.measure === measure && m.model === model)).toBe(true);
    // Without a gradient what needs none still runs, and what needs one says why it did not.
    expect(measures.some((m) => m.measure === 'robust-accuracy' && m.model === 'quantised')).toBe(true);
    expect(notApplicable).toContainEqual({
      suite: 'attack',
      model: 'ruleless',
      reason: expect.stringMatching(/no gradient rule for Det/),
    });
    expect(warnings).toContainEqual(
      expect.objectContaining({
        code: 'logits-before-softmax',
        severity: 'note',
        model: 'quantised',
        message: expect.stringMatching(/Softmax.*"scores"/),
      }),
    );
    expect(warnings).toContainEqual(
      expect.objectContaining({ code: 'straight-through-gradient', severity: 'warning', model: 'quantised' }),
    );
    const report = readFileSync(join(at, 'out', 'report.html'), 'utf8');
    expect(report).toMatch(/ends in Softmax/);
    expect(report).toMatch(/straight through 1 rounded value/);
  });

  it('are told apart by inspect', async () => {
    const at = folder();
    deployed(at);
    const [estimated, missing] = await Promise.all(
      ['quantised', 'ruleless'].map((name) => assay(['inspect', `${name}.onnx`], at)),
    );
    expect(estimated!.stdout).toMatch(/gradient +an estimate: it passes straight through 1 rounded value/);
    expect(estimated!.stdout).toMatch(/ends in Softmax: the value before it is used as logits/);
    expect(missing!.stdout).toMatch(/gradient +not available.*no rule for Det/s);
  });
});

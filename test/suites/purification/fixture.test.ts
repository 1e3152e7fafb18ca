import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { run } from '../../../src/runs/run.js';

const folder = mkdtempSync(join(tmpdir(), 'assay-ladder-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Flags that say why an attack found less than a weaker one. */
const EXPLANATIONS = ['adaptive-weaker-than-transfer', 'bpda-beats-full-gradient', 'gradient-explodes'];

describe('the JEM of the fixtures behind its own purifier', () => {
  it('is fooled by the full gradient at least as often as by BPDA, and by that as by transfer, within intervals', {
    tags: ['long'],
    timeout: 1_200_000,
  }, async () => {
    if (!process.env.ASSAY_LONG) return;
    const attack = { norm: 'Linf', epsilon: '16/255', attackSteps: 10 };
    const purification = {
      ...{ by: 'jem', steps: [5], chains: 2, clamp: 'box', examples: 100, draws: 0, ...attack },
      ladder: ['transfer', 'bpda', 'full'],
      adaptive: { steps: 8, examples: 100 },
    };
    const file = join(folder, 'run.json');
    writeFileSync(
      file,
      JSON.stringify({
        models: [resolve('fixtures/models/jem.model.yaml')],
        datasets: { test: { path: resolve('fixtures/data/test.npz') } },
        suites: [{ purification }],
      }),
    );
    const { results } = await run(file, { out: join(folder, 'out'), threads: 1, sessions: 1 });
    const named = (measure: string, rung?: string) =>
      results.measures.find((m) => m.measure === measure && m.params.rung === rung);
    const columns = [
      named('transfer-accuracy'),
      named('adaptive-robust-accuracy', 'bpda'),
      named('adaptive-robust-accuracy', 'full'),
    ];
    console.log(
      columns.map((m) => `${m?.measure} ${m?.params.rung ?? ''} ${m?.value} [${m?.interval}]`).join('; '),
    );
    const raised = results.warnings.filter(({ code }) => EXPLANATIONS.includes(code));
    for (const [i, stronger] of columns.slice(1).entries()) {
      const weaker = columns[i];
      expect(stronger?.n).toBe(100);
      const within = (stronger?.value ?? 1) <= (weaker?.interval?.[1] ?? 0);
      expect(within || raised.length > 0).toBe(true);
    }
    // The three together cost as the ladder goes: a step back through a chain is two more passes.
    const [bpda, full] = ['bpda', 'full'].map((rung) => named('gradient-passes', rung)?.value ?? 0) as [
      number,
      number,
    ];
    expect(full).toBeGreaterThan(bpda);
    expect(full).toBeLessThan(3.5 * bpda);
  });
});

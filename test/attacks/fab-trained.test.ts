import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { runAttack } from '../../src/attacks/scheduler.js';
import { readNpz } from '../../src/data/npz.js';
import { createOrtEngine } from '../../src/engines/ort/engine.js';
import { openModel } from '../../src/models/open.js';
import { campaign } from './helpers/campaign.js';

const trained = resolve('../shared/reference/trained');
const present = existsSync(trained);
if (!present)
  console.warn(`\n!!! ${trained} is absent: FAB is NOT compared with the public AutoAttack's verdicts !!!\n`);

const engine = createOrtEngine({ sessions: 2 });
afterAll(() => engine.close());

const [EXAMPLES, PIXELS, PLANE] = [20, 3072, 1024];

/** Of the public AutoAttack on the first 100 images, per radius. */
interface Verdicts {
  norm: string;
  epsilon: number;
  clean_correct: number[];
  robust: number[];
}

it.skipIf(!present)('FAB-T alone breaks nearly all that the public AutoAttack breaks', async () => {
  const wanted = JSON.parse(readFileSync(join(trained, 'cifar-baseline.json'), 'utf8'));
  const [verdicts]: Verdicts[] = wanted.autoattack.filter((one: Verdicts) => one.norm === 'L2');
  const checkpoint = join(trained, 'cifar-baseline.pt');
  const input = { shape: [3, 32, 32], range: [-1, 1] };
  const system = await openModel({ name: 'baseline', checkpoint, input, classes: 10 }, engine);
  const { x, y } = await readNpz(join(trained, 'cifar10-test-500.npz'));
  const bytes = x.data as Uint8Array;
  const pixels = Float32Array.from({ length: EXAMPLES * PIXELS }, (_, at) => {
    const [i, channel, p] = [Math.floor(at / PIXELS), Math.floor(at / PLANE) % 3, at % PLANE];
    return bytes[i * PIXELS + p * 3 + channel] / 255;
  });
  const labels = Int32Array.from({ length: EXAMPLES }, (_, i) => Number(y.data[i]));
  const indices = Int32Array.from(labels.keys());
  const { logits = [] } = await system.forward({ n: EXAMPLES, pixels });
  const given = { system, n: EXAMPLES, indices, pixels, labels, cleanLogits: logits, seed: 2 };
  const options = { steps: 30, targets: 3 };
  const found = await runAttack(
    given,
    campaign({ method: 'fab-t', norm: 'L2', options, epsilons: [verdicts.epsilon] }),
  );
  expect([...found.correct]).toEqual(verdicts.clean_correct.slice(0, EXAMPLES));
  const robust = Array.from(found.correct, (correct, i) => correct - Number(found.brokenAt[i] >= 0));
  const differ = robust.filter((one, i) => one !== verdicts.robust[i]).length;
  expect(differ).toBeLessThanOrEqual(1);
  await system.close();
});

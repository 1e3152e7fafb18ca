import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { AttackInputs } from '../../../src/attacks/attack-plan.js';
import { openDataset } from '../../../src/data/open.js';
import type { Engine } from '../../../src/engines/engine.js';
import { openModel } from '../../../src/models/open.js';

const folder = resolve('../shared/reference/trained');

/** Whether the trained networks are there. */
export const trainedPresent = existsSync(folder);

const networks = {
  'cifar-baseline': { input: { shape: [3, 32, 32], range: [-1, 1] }, images: 'cifar10-test-500.npz' },
  'cifar-jem': { input: { shape: [3, 32, 32], range: [-1, 1] }, images: 'cifar10-test-500.npz' },
  'trades-mnist': { input: { shape: [1, 28, 28] }, images: 'mnist-test-500.npz' },
} as const;
export type Trained = keyof typeof networks;

/** A trained network and its first test images. */
export async function trainedTargets(name: Trained, n: number, engine: Engine): Promise<AttackInputs> {
  const { input, images } = networks[name];
  const card = { name, checkpoint: join(folder, `${name}.pt`), input, classes: 10 };
  const system = await openModel(card, engine);
  const data = await openDataset(name, { path: join(folder, images) }, { directory: folder });
  const { indices, pixels, labels = new Int32Array(n) } = await data.read(0, n);
  await data.close();
  const { logits = new Float32Array(0) } = await system.forward({ n, pixels });
  return { system, n, indices, pixels, labels, cleanLogits: logits, seed: 0 };
}

/** What the public AutoAttack found on the first 100 images, for one radius. */
export interface PublicVerdict {
  norm: string;
  epsilon: number;
  /** (100): 1 where nothing broke the image. */
  robust: number[];
  /** Robust accuracy in percent after each attack, by its name in the log. */
  after: ReadonlyMap<string, number>;
}

export function publicVerdicts(name: Trained): PublicVerdict[] {
  const { autoattack } = JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8'));
  return autoattack.map(({ log, ...rest }: Omit<PublicVerdict, 'after'> & { log: string[] }) => ({
    ...rest,
    after: new Map(
      log.flatMap((line) => {
        const found = /after (\S+): ([\d.]+)%/.exec(line);
        return found ? [[found[1], Number(found[2])] as const] : [];
      }),
    ),
  }));
}

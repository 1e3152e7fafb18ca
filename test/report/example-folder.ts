import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { encodeNpy } from '../../src/data/arrays/npy.js';

/** Sheets of two models on three examples, with adversarial images of one of them. */
export function exampleFolder(directory: string, models: readonly [string, string] = ['a', 'b']): void {
  const folder = path.join(directory, 'examples');
  mkdirSync(folder, { recursive: true });
  const quoted = models.map((name) => `"${name.replaceAll('"', '""').replace(/\s+/g, ' ')}"`);
  const sheet = (name: string, columns: string, rows: readonly string[]) =>
    writeFileSync(
      path.join(folder, `${name}.csv`),
      `model,dataset,index,${columns}\n${rows.map((row) => `${row}\n`).join('')}`,
    );
  const [a, b] = quoted;
  sheet('accuracy', 'label,prediction,correct,confidence', [
    `${a},test,0,0,0,true,0.98765432`,
    `${a},test,1,1,1,true,0.9`,
    `${a},test,7,2,1,false,0.6`,
    `${b},test,0,0,0,true,0.7`,
    `${b},test,1,1,0,false,0.8`,
    `${b},test,7,2,1,false,0.5`,
  ]);
  sheet('attack-pgd', 'label,adversarial,gradient_passes', [
    `${a},test,0,0,true,12`,
    `${a},test,1,1,false,40`,
  ]);
  sheet('purification', 'steps,correct', [`${a},test,0,1,true`, `${a},test,0,10,false`]);
  const images = (value: number) =>
    encodeNpy({ shape: [2, 1, 2, 2], data: Float32Array.from({ length: 8 }, (_, i) => value + i / 16) });
  writeFileSync(path.join(folder, 'attack-pgd-test-clean.npy'), images(0));
  writeFileSync(
    path.join(folder, `attack-pgd-test-${models[0].replace(/[^A-Za-z0-9_-]+/g, '-')}.npy`),
    images(0.4),
  );
}

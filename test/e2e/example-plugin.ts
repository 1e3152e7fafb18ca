import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { images, npz, project } from './project.js';

/** A run that uses every part of `examples/plugin`. @param plugin its package or module */
export function examplePluginRun(at: string, plugin: string): void {
  mkdirSync(at, { recursive: true });
  project(at, {
    plugins: [plugin],
    datasets: {
      test: { path: './test.pixels.csv' },
      npz: { path: './test.npz' },
      mirrored: { of: 'test', mirror: {} },
      train: { path: './train.npz', role: 'train' },
      noise: { path: './noise.npz', role: 'ood' },
    },
    suites: [
      'accuracy',
      'class-recall',
      { ood: { scores: ['nearest-mean'], resamples: 100 } },
      { attack: { method: 'random-points', tries: 5, epsilons: ['32/255'], checks: false, pictures: 0 } },
    ],
  });
  writeFileSync(join(at, 'train.npz'), npz(images(30, 'train')));
  const { pixels, labels } = images(60, 'test');
  const lines = Array.from(labels, (label, i) => [label, ...pixels.subarray(36 * i, 36 * (i + 1))].join());
  writeFileSync(join(at, 'test.pixels.csv'), `${lines.join('\n')}\n`);
}

export const misspelt = (plugin: string): string =>
  stringify({
    models: ['./sharp.model.yaml'],
    datasets: { test: { path: './test.npz' } },
    plugins: [plugin],
    suites: [{ attack: { method: 'random-point' } }],
  });

import { mapTuple } from '../../map-tuple.js';
import type { LayerWeights, Weight, WeightStore } from '../keras/weights.js';

function add(index: Map<string, string[]>, key: string, name: string): void {
  const list = index.get(key);
  if (list) list.push(name);
  else index.set(key, [name]);
}

/**
 * TensorFlow.js names weights `layer/weight`. Converted models may have the models around the layer before it, and
 * since TensorFlow 2.2 a part of the layer between.
 */
export function namedWeights(weights: ReadonlyMap<string, Weight>): WeightStore {
  const [exact, ends, starts] = mapTuple([0, 1, 2], () => new Map<string, string[]>());
  for (const name of weights.keys()) {
    const parts = name.split('/').slice(0, -1);
    add(exact, parts.join('/'), name);
    for (let i = 1; i < Math.min(parts.length, 16); i++) {
      add(ends, parts.slice(i).join('/'), name);
      add(starts, parts.slice(0, i).join('/'), name);
    }
  }
  return {
    of(path): LayerWeights {
      const { name } = path[path.length - 1]!;
      const whole = path.map((step) => step.name).join('/');
      const names =
        exact.get(whole) ?? exact.get(name) ?? ends.get(whole) ?? ends.get(name) ?? starts.get(name) ?? [];
      return {
        names,
        find(weight) {
          const fullName = names.find((one) => one.split('/').at(-1) === weight);
          return fullName === undefined ? undefined : weights.get(fullName);
        },
      };
    },
  };
}

import { afterAll, expect, it } from 'vitest';
import type { Engine } from '../../src/engines/engine.js';
import { createOrtEngine } from '../../src/engines/ort/engine.js';
import { modelOf } from '../../src/models/assemble.js';
import { card, network } from '../e2e/project.js';

const engine = createOrtEngine({ sessions: 1 });
afterAll(() => engine.close());

/** The engine, counting the sessions that it is asked for: one for every program, and one for every fold. */
function counting(inner: Engine, made: { sessions: number }): Engine {
  return {
    ...inner,
    ...(inner.guard && { guard: counting(inner.guard, made) }),
    fold: (graph) => {
      made.sessions++;
      return inner.fold(graph);
    },
    compile: (graph) => {
      made.sessions++;
      return inner.compile(graph);
    },
  };
}

it('a model is opened with few sessions, and asks for no other to run', async () => {
  const made = { sessions: 0 };
  const model = await modelOf(network(), card('m') as never, counting(engine, made));
  expect(made.sessions).toBeLessThanOrEqual(7);
  const opening = made.sessions;
  await model.forward({ n: 1, pixels: new Float32Array(36) });
  expect(made.sessions).toBe(opening);
  await model.close();
});

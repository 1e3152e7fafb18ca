import { Type } from '../../config/type.js';
import type { Generator } from './derivation.js';

const LEVELS = { black: 0, grey: 0.5, white: 1 } as const;

const Options = Type.Object({
  colour: Type.Union(
    [Type.Literal('random'), ...Object.keys(LEVELS).map((name) => Type.Literal(name as keyof typeof LEVELS))],
    { default: 'random', description: 'Of every image: one of its own, or black, grey or white.' },
  ),
});

/** Images of one colour. */
export const blank: Generator<typeof Options> = {
  kind: 'generator',
  name: 'blank',
  version: 1,
  title: 'Blank images',
  source: 'constant images, as in Nalisnick et al. 2019',
  options: Options,
  describe: ({ colour }) => (colour === 'random' ? 'blank images, a colour each' : `blank images, ${colour}`),
  fill(image, draws, { colour }, [channels]) {
    const size = image.length / channels;
    for (let c = 0; c < channels; c++) {
      const level = colour === 'random' ? draws.uniform() : LEVELS[colour];
      image.fill(level, c * size, (c + 1) * size);
    }
  },
};

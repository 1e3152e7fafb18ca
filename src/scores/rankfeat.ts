import { type Static, Type } from '../config/type.js';
import { withoutTopComponent } from '../metrics/linear-algebra/top-component.js';
import { logSumExp } from '../metrics/softmax.js';
import type { SystemInfo } from '../models/system.js';
import type { Probe } from './probe.js';
import { logitRounding, ofOneLogit } from './rounding.js';
import { probedLogits } from './rows.js';
import { logitsOf, required, type Score } from './score.js';

const options = Type.Object(
  {
    maps: Type.Union([Type.Literal('both'), Type.Literal('last')], {
      default: 'both',
      description:
        'both: the mean of the logits where the map that the global pooling reads is changed, and of those where the last map of the stage before is. last: the former alone.',
    }),
  },
  { additionalProperties: false },
);
type Options = Static<typeof options>;

const countOf = ({ maps = 'both' }: Partial<Options>) => (maps === 'both' ? 2 : 1);

function refuses({ maps }: SystemInfo, asked: Partial<Options>): string | undefined {
  if (!maps) return 'no map inside it can be changed';
  if (maps.shapes.length >= countOf(asked)) return undefined;
  return maps.shapes.length === 1 ? `${maps.why}; take its last map alone, with \`maps: last\`` : maps.why;
}

/** Logits, their mean over maps, where each map, (C, HW), has lost its largest singular component. */
const probe: Probe<Options> = {
  name: 'without-top-component',
  refuses,
  finds: ({ classes }) => ({ logits: classes.length }),
  passes: (asked) => ({ forward: 1 + countOf(asked), gradient: 0 }),
  async ask({ system, batch }, asked) {
    const changed = await required(system.changedMaps, 'inner maps').call(
      system,
      batch,
      countOf(asked),
      (map, [channels, height, width]) => withoutTopComponent(map, channels, height * width),
    );
    const { logits } = changed;
    return {
      logits: logits[0]!.map((_, at) => logits.reduce((sum, one) => sum + one[at]!, 0) / logits.length),
    };
  },
};

export const rankfeat: Score<Options> = {
  id: 'rankfeat',
  title: 'RankFeat',
  label: 'logsumexp of f where maps lost their largest singular component',
  source: 'Song et al. 2022',
  needs: ['logits'],
  options,
  probe,
  shifts: true,
  compute: (inputs) => logSumExp(probedLogits(inputs)),
  // What is left of a map has the rounding of the whole map, as the logits of the image have it. The component itself is
  // taken as exact.
  rounding(inputs, values) {
    const own = logitRounding(probedLogits(inputs), values, ofOneLogit);
    const whole = logitRounding(logitsOf(inputs), values, ofOneLogit);
    return own.map((rounding, i) => rounding + whole[i]!);
  },
};

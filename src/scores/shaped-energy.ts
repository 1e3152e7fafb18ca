import { length1, transposedTimes } from '../metrics/linear-algebra/matrix.js';
import { logSumExpRow, softmax } from '../metrics/softmax.js';
import { featureRounding, perFeatureRow } from './feature-rows.js';
import { layerLogits } from './layer-logits.js';
import { type LastLayer, required, type Score, type ScoreInputs } from './score.js';

/** Features as a score changes them. */
export interface Shaped {
  h: Float64Array;
  /** The sum over features of |d score / d feature|, from g = d score / d shaped feature. */
  slope(g: Float64Array): number;
}

/** A score that is the energy of changed features, or of a changed last layer. */
export interface ShapedRow<Options>
  extends Pick<Score<Options>, 'id' | 'title' | 'label' | 'source' | 'options' | 'grid' | 'fit'> {
  /** `h` may be changed in place. */
  shape?(h: Float64Array, options: Options, inputs: ScoreInputs): Shaped;
  /** W in place of that of the layer. */
  weight?(inputs: ScoreInputs): Float64Array | Float32Array;
}

const UNCHANGED = (h: Float64Array): Shaped => ({ h, slope: length1 });

/** logsumexp(W h' + b) of shaped features h'. */
export function shapedEnergy<Options>({ shape, weight, ...row }: ShapedRow<Options>): Score<Options> {
  const site = (inputs: ScoreInputs, options: Options) => {
    const layer = required(inputs.lastLayer, 'last layer');
    const own: LastLayer = weight ? { ...layer, weight: weight(inputs) } : layer;
    return {
      layer: own,
      shaped: (h: Float64Array) => (shape ?? UNCHANGED)(h.slice(), options, inputs),
    };
  };
  return {
    ...row,
    needs: ['features', 'lastLayer'],
    shifts: true,
    compute(inputs, options) {
      const { layer, shaped } = site(inputs, options);
      return perFeatureRow(inputs, (h) => logSumExpRow(layerLogits(layer, shaped(h).h)));
    },
    rounding(inputs, values, options) {
      const { layer, shaped } = site(inputs, options);
      return featureRounding(inputs, values, (features) => {
        const { h, slope } = shaped(features);
        const logits = layerLogits(layer, h);
        const p = softmax({ n: 1, classes: logits.length, data: logits });
        return slope(transposedTimes(layer.weight, p));
      });
    },
  };
}

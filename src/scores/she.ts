import { dot, length1 } from '../metrics/linear-algebra/matrix.js';
import { argmaxOf } from '../metrics/softmax.js';
import { refuseEmptyClass } from './class-scatter.js';
import { featureRounding, perFeatureRow } from './feature-rows.js';
import { featuresOf, logitsOf, type Score, type ScoreInputs, statisticsOf } from './score.js';

/** The pattern of the class that each image is predicted to be. */
function patternOf(inputs: ScoreInputs) {
  const { patterns } = statisticsOf(inputs, 'patterns');
  const { classes, data } = logitsOf(inputs);
  const width = patterns.length / classes;
  return (i: number) => {
    const c = argmaxOf(data, i * classes, classes);
    return patterns.subarray(c * width, (c + 1) * width);
  };
}

/** Of a class of which no image is classified correctly, the pattern is the mean of all its images. */
export const she: Score = {
  id: 'she',
  title: 'SHE',
  label: '<features, mean of correct training images of the predicted class>',
  source: 'Zhang et al. 2023',
  needs: ['features', 'logits'],
  fit: {
    role: 'train',
    shapes: ({ classes, width }) => ({ patterns: [classes, width] }),
    async statistics(parts, { classes, width }) {
      const none = () => ({
        sums: new Float64Array(classes * width),
        counts: new Float64Array(classes),
      });
      const [correct, all] = [none(), none()];
      for await (const part of parts) {
        const { n, data } = featuresOf(part);
        const logits = logitsOf(part);
        for (let i = 0; i < n; i++) {
          const label = part.labels[i]!;
          const right = argmaxOf(logits.data, i * classes, classes) === label;
          for (const of of right ? [correct, all] : [all]) {
            of.counts[label]!++;
            for (let j = 0; j < width; j++) of.sums[label * width + j]! += data[i * width + j]!;
          }
        }
      }
      refuseEmptyClass(all.counts);
      return {
        patterns: correct.sums.map((sum, at) => {
          const c = Math.floor(at / width);
          return correct.counts[c]! > 0 ? sum / correct.counts[c]! : all.sums[at]! / all.counts[c]!;
        }),
      };
    },
  },
  compute: (inputs) => {
    const pattern = patternOf(inputs);
    return perFeatureRow(inputs, (h, i) => dot(h, pattern(i)));
  },
  rounding: (inputs, values) => {
    const pattern = patternOf(inputs);
    return featureRounding(inputs, values, (_, i) => length1(pattern(i)));
  },
};

import { argmaxOf, softmax } from '../metrics/softmax.js';
import { logitRounding } from './rounding.js';
import { perProbabilityRow } from './rows.js';
import { logitsOf, type Score, type ScoreInputs, statisticsOf } from './score.js';

/** The nearest mean: its divergence, and log p - log m of it, which is 0 where p is. */
function nearest(logP: Float64Array, inputs: ScoreInputs) {
  const { means, counts } = statisticsOf(inputs, 'means', 'counts');
  const classes = logP.length;
  let [least, of] = [Number.POSITIVE_INFINITY, new Float64Array(classes)];
  for (let c = 0; c < classes; c++) {
    if (counts[c] === 0) continue;
    const logRatio = logP.map((l, k) => (Math.exp(l) === 0 ? 0 : l - Math.log(means[c * classes + k]!)));
    const divergence = logRatio.reduce((sum, r, k) => sum + (r === 0 ? 0 : Math.exp(logP[k]!) * r), 0);
    if (divergence < least) [least, of] = [divergence, logRatio];
  }
  return { divergence: least, logRatio: of };
}

/** Classes that are never predicted have no mean, and are passed over. */
export const klMatching: Score = {
  id: 'kl-matching',
  title: 'KL matching',
  label: '-min_c KL(p(y|x) || mean of images predicted c)',
  source: 'Hendrycks et al. 2022',
  needs: ['logits'],
  fit: {
    role: ['validation', 'train'],
    unlabelled: true,
    shapes: ({ classes }) => ({ means: [classes, classes], counts: [classes] }),
    async statistics(parts, { classes }) {
      const means = new Float64Array(classes * classes);
      const counts = new Float64Array(classes);
      for await (const part of parts) {
        const logits = logitsOf(part);
        const p = softmax(logits);
        for (let i = 0; i < logits.n; i++) {
          const c = argmaxOf(logits.data, i * classes, classes);
          counts[c]!++;
          for (let k = 0; k < classes; k++) means[c * classes + k]! += p[i * classes + k]!;
        }
      }
      return { means: means.map((sum, at) => sum / Math.max(1, counts[Math.floor(at / classes)]!)), counts };
    },
  },
  compute: (inputs) => perProbabilityRow(inputs, (logP) => -nearest(logP, inputs).divergence),
  // d KL / d f_k = p_k (log p_k - log m_k - KL)
  rounding: (inputs, values) =>
    logitRounding(logitsOf(inputs), values, (logP) => {
      const { divergence, logRatio } = nearest(logP, inputs);
      if (!Number.isFinite(divergence)) return 0;
      return logRatio.reduce((sum, r, k) => sum + Math.exp(logP[k]!) * Math.abs(r - divergence), 0);
    }),
};

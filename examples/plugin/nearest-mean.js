import { LOGIT_ROUNDING, required } from 'assay/score';

/** An OOD score that is fitted: minus the distance of the features to the nearest class mean of the training images. */
export const nearestMean = {
  id: 'nearest-mean',
  title: 'Nearest mean',
  label: '-min_c |features - mean of class c|',
  source: 'a baseline',
  needs: ['features'],
  fit: {
    role: 'train',
    shapes: ({ width, classes }) => ({ means: [classes, width] }),
    async statistics(parts, { width, classes }) {
      const means = new Float64Array(classes * width);
      const counts = new Float64Array(classes);
      for await (const { features, labels } of parts)
        labels.forEach((label, i) => {
          counts[label]++;
          for (let j = 0; j < width; j++) means[label * width + j] += features.data[i * width + j];
        });
      // A class without images has no mean: nothing is near it.
      return { means: means.map((sum, at) => sum / counts[Math.floor(at / width)] || Infinity) };
    },
  },
  compute: (inputs) => Float64Array.from(distances(inputs), (distance) => -distance),
  rounding({ n, features }) {
    const { width, data } = required(features, 'features');
    return Float64Array.from({ length: n }, (_, i) => {
      const own = data.slice(i * width, (i + 1) * width);
      return LOGIT_ROUNDING * Math.sqrt(width) * Math.max(...own.map(Math.abs));
    });
  },
};

function distances({ n, features, statistics }) {
  const { width, data } = required(features, 'features');
  const { means } = required(statistics, 'means of classes');
  return Array.from({ length: n }, (_, i) => {
    let nearest = Infinity;
    for (let c = 0; c < means.length; c += width) {
      let square = 0;
      for (let j = 0; j < width; j++) square += (data[i * width + j] - means[c + j]) ** 2;
      nearest = Math.min(nearest, square);
    }
    return Math.sqrt(nearest);
  });
}

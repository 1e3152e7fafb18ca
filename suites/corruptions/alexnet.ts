/**
 * Errors of AlexNet on ImageNet-C, each the mean over five severities, by which mCE is published (Hendrycks & Dietterich
 * 2019; the numbers are those of the code beside it, which AugMix and others repeat). The clean error is that of the
 * checkpoint of torchvision, top-1 56.522 %.
 */
export const ALEXNET: Readonly<Record<string, number>> = {
  'gaussian-noise': 0.886428,
  'shot-noise': 0.894468,
  'impulse-noise': 0.92264,
  'defocus-blur': 0.81988,
  'glass-blur': 0.826268,
  'motion-blur': 0.785948,
  'zoom-blur': 0.79836,
  snow: 0.866816,
  frost: 0.826572,
  fog: 0.819324,
  brightness: 0.564592,
  contrast: 0.853204,
  'elastic-transform': 0.646056,
  pixelate: 0.71784,
  'jpeg-compression': 0.6065,
};
export const ALEXNET_CLEAN = 0.43478;

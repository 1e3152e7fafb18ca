import { foundOf, installing, requirePackages } from '../folder/optional-packages.js';

/** What a queue is made of: who runs on one machine needs none of it. */
const PACKAGES = { bullmq: '6.7', ioredis: '6.0' };

/** What puts them where Assay finds them. */
export const INSTALL_QUEUE = installing(PACKAGES);

/** The version of BullMQ that is installed, where all that a queue needs is. */
export const queuePackages = () => foundOf(PACKAGES);

/** Errors: `queue-failed` where one of the packages is absent, with the command that installs them. */
export const requireQueue = (): void => requirePackages(PACKAGES, 'queue-failed', '--queue');

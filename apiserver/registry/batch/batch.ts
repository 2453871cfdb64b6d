/** The resources of group batch, in discovery order. */
import { cronJobs } from './cron-jobs.ts';
import { jobs } from './jobs.ts';

export const batchResources = [cronJobs, jobs] as const;

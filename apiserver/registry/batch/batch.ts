/** The resources of group batch, in discovery order. */
import { resourceList } from '../resource-list.ts';
import { cronJobs } from './cron-jobs.ts';
import { jobs } from './jobs.ts';

export const batchResources = resourceList(cronJobs, jobs);

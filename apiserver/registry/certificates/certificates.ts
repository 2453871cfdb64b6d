/** The resources of group certificates.k8s.io, in discovery order. */
import { resourceList } from '../resource-list.ts';
import { certificateSigningRequests } from './certificate-signing-requests.ts';

export const certificatesResources = resourceList(certificateSigningRequests);

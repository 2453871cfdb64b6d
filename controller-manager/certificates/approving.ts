/** Approves the client certificates of kubelets whose user may ask for them (by RBAC). */
import { certificateSigningRequests, subjectAccessReviews } from '../../client/resources.ts';
import { keyOf } from '../../client/store.ts';
import type { CertificateSigningRequest } from '../../machinery/schema/wire.ts';
import { type ControllerContext, defineController } from '../controller.ts';
import { hasVerdict, isIssued, withVerdict } from './csr.ts';
import { kubeletClientProblem, kubeletClientSigner } from './policies.ts';
import { factsOf, parseRequest } from './request.ts';

const workers = 5;
const baseDelayMs = 200;

export const csrApprovingController = defineController({
  name: 'certificatesigningrequest-approving-controller',
  aliases: ['csrapproving'],
  serviceAccount: 'certificate-controller',
  setup,
});

interface Permission {
  readonly subresource: string;
  readonly message: string;
}

const own: Permission = {
  subresource: 'selfnodeclient',
  message: 'Auto approving self kubelet client certificate after SubjectAccessReview.',
};
const any: Permission = {
  subresource: 'nodeclient',
  message: 'Auto approving kubelet client certificate after SubjectAccessReview.',
};

function setup(context: ControllerContext): void {
  const { client } = context;
  const requests = context.informer(certificateSigningRequests);
  const queue = context.queue({ name: 'csrapproving', workers, baseDelayMs, reconcile });
  const wake = (csr: CertificateSigningRequest): void => {
    if (isUndecided(csr)) queue.add(keyOf(csr));
  };
  requests.addHandler({ added: wake, updated: (_, csr) => wake(csr) });

  function isUndecided(csr: CertificateSigningRequest): boolean {
    if (csr.spec?.signerName !== kubeletClientSigner || isIssued(csr)) return false;
    return !hasVerdict(csr, 'Approved') && !hasVerdict(csr, 'Denied');
  }

  async function reconcile(key: string, signal: AbortSignal): Promise<undefined> {
    const csr = requests.store.byKey(key);
    if (csr?.spec === undefined || !isUndecided(csr)) return;
    const facts = await factsOf(await parseRequest(csr.spec.request));
    if (kubeletClientProblem(facts, csr.spec.usages ?? []) !== undefined) return;
    const tried = csr.spec.username === facts.commonName ? [own, any] : [any];
    for (const permission of tried) {
      if (!(await isAllowed(csr, permission, signal))) continue;
      const approved = withVerdict(csr, {
        type: 'Approved',
        status: 'True',
        reason: 'AutoApproved',
        message: permission.message,
      });
      const options = { subresource: 'approval', signal } as const;
      await client.update(certificateSigningRequests, approved, options);
      return;
    }
    // Somebody may grant it later.
    const names = tried.map((t) => t.subresource).join(' ');
    throw new Error(
      `recognized csr "${key}" as [${names}] but subject access review was not approved`,
    );
  }

  async function isAllowed(
    csr: CertificateSigningRequest,
    { subresource }: Permission,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { username, uid, groups, extra } = csr.spec;
    const review = {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      spec: {
        ...(username === undefined ? {} : { user: username }),
        ...(uid === undefined ? {} : { uid }),
        ...(groups === undefined ? {} : { groups }),
        ...(extra === undefined ? {} : { extra }),
        resourceAttributes: {
          group: 'certificates.k8s.io',
          resource: 'certificatesigningrequests',
          verb: 'create',
          subresource,
          version: '*',
        },
      },
    };
    const answer = await client.create(subjectAccessReviews, review, { signal });
    return answer.status?.allowed === true;
  }
}

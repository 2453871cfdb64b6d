/** The whole of the language and its libraries: much code, loaded by kubernetes.ts when it is needed. */
import { type CelEnvironment, standardEnvironment } from '../environment.ts';
import { lists } from '../standard/lists.ts';
import { optionals } from '../standard/optionals.ts';
import { sets } from '../standard/sets.ts';
import { stringsLibrary } from '../standard/strings-library.ts';
import { twoVariables } from '../standard/two-variables.ts';
import { validators } from '../standard/validators.ts';
import { kubernetesCosts } from './actual-costs.ts';
import { authorizerLibrary, authorizerSelectorsLibrary } from './authorizer.ts';
import { cidrLibrary } from './cidr.ts';
import { formatLibrary } from './format.ts';
import { ipLibrary } from './ip.ts';
import { listLibrary } from './lists.ts';
import { quantityLibrary } from './quantity.ts';
import { regexLibrary } from './regex.ts';
import { semverLibrary } from './semver.ts';
import { urlLibrary } from './urls.ts';

/** The environment as it is; see kubernetesEnvironment. */
export function makeEnvironment(): CelEnvironment {
  return standardEnvironment.extend({
    libraries: [
      optionals,
      validators,
      stringsLibrary,
      sets,
      twoVariables,
      lists,
      urlLibrary,
      regexLibrary,
      listLibrary,
      authorizerLibrary,
      quantityLibrary,
      ipLibrary,
      cidrLibrary,
      formatLibrary,
      authorizerSelectorsLibrary,
      semverLibrary,
    ],
    homogeneousLiterals: true,
    crossTypeComparisons: true,
    optionalSyntax: true,
    costs: kubernetesCosts,
    presenceTestCost: 0,
  });
}

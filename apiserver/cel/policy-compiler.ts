/** Compiles the expressions of one admission policy, whose variables build on one another. */
import type { CelEnvironment } from '../../machinery/cel/environment.ts';
import type { TypeProvider } from '../../machinery/cel/type-provider.ts';
import {
  boolType,
  type CelType,
  dynType,
  listType,
  mapType,
  nullType,
  objectType,
  stringType,
} from '../../machinery/cel/types.ts';
import { type AdmissionVariables, admissionEnvironment } from './admission-environment.ts';
import { type CompiledExpression, compileExpression, type ExpressionProblem } from './compile.ts';

type Compiled = CompiledExpression | ExpressionProblem;

/** The type of `variables`; the variables of a policy are its fields. */
const variablesName = 'kubernetes.variables';

/** Has state: variables are known from when they are compiled on. */
export class PolicyCompiler {
  private readonly params: boolean;
  private readonly variableTypes: Map<string, CelType> | undefined;
  private readonly environments = new Map<string, CelEnvironment>();

  /** `composed`: expressions may speak of `variables`, even where there are none. */
  constructor({ params, composed }: { readonly params: boolean; readonly composed: boolean }) {
    this.params = params;
    this.variableTypes = composed ? new Map() : undefined;
  }

  /** A variable; later expressions know it, whether it compiles or not. */
  variable(name: string, text: string): Compiled {
    const compiled = compileExpression(this.environment({ authorizer: true }), text, {
      types: 'any',
    });
    const type = 'problem' in compiled ? dynType : declarable(compiled.checked.outputType);
    this.variableTypes?.set(name, type);
    return compiled;
  }

  /** What has to hold. */
  validation(text: string): Compiled {
    return compileExpression(this.environment({ authorizer: true }), text, { types: [boolType] });
  }

  /** The text of a refusal. */
  message(text: string): Compiled {
    return compileExpression(this.environment({}), text, { types: [stringType] });
  }

  /** The value of an audit annotation; null for none. */
  auditAnnotation(text: string): Compiled {
    const types = [stringType, nullType];
    return compileExpression(this.environment({ authorizer: true }), text, { types });
  }

  /** What is to be applied. */
  applyConfiguration(text: string): Compiled {
    return this.patch(text, objectType('Object'));
  }

  /** The steps of a JSON patch. */
  jsonPatch(text: string): Compiled {
    return this.patch(text, listType(objectType('JSONPatch')));
  }

  private patch(text: string, type: CelType): Compiled {
    const environment = this.environment({ authorizer: true, patches: true });
    return compileExpression(environment, text, { types: [type] });
  }

  private environment(variables: Omit<AdmissionVariables, 'params'>): CelEnvironment {
    const key = JSON.stringify(variables);
    let environment = this.environments.get(key);
    if (environment === undefined) {
      environment = admissionEnvironment({ ...variables, params: this.params });
      if (this.variableTypes !== undefined) {
        environment = environment.extend({
          types: typesOf(this.variableTypes),
          variables: { variables: objectType(variablesName) },
        });
      }
      this.environments.set(key, environment);
    }
    return environment;
  }
}

/** Asked anew each time: variables come as they are compiled. */
function typesOf(variables: ReadonlyMap<string, CelType>): TypeProvider {
  return {
    findType: (name) => (name === variablesName ? objectType(name) : undefined),
    findField: (type, field) => (type === variablesName ? variables.get(field) : undefined),
  };
}

const plainKinds = new Set<CelType['kind']>([
  'any',
  'bool',
  'bytes',
  'double',
  'duration',
  'int',
  'null',
  'string',
  'timestamp',
  'uint',
]);

/** What the real server keeps of a variable's type: plain ones, lists and maps of such. */
function declarable(type: CelType): CelType {
  if (plainKinds.has(type.kind) && !type.nullable) return type;
  if (type.kind === 'list') return listType(declarable(type.params[0] ?? dynType));
  if (type.kind !== 'map') return dynType;
  return mapType(declarable(type.params[0] ?? dynType), declarable(type.params[1] ?? dynType));
}

/** Messages of key management plugins and of values they protect, as protobuf knows them. */
import protobuf from 'protobufjs/light.js';

type Fields = Readonly<Record<string, readonly [number, string]>>;

const text: Readonly<Record<string, Fields>> = {
  StatusRequest: {},
  StatusResponse: { version: [1, 'string'], healthz: [2, 'string'], keyId: [3, 'string'] },
  DecryptRequest: {
    ciphertext: [1, 'bytes'],
    uid: [2, 'string'],
    keyId: [3, 'string'],
    annotations: [4, '{}bytes'],
  },
  DecryptResponse: { plaintext: [1, 'bytes'] },
  EncryptRequest: { plaintext: [1, 'bytes'], uid: [2, 'string'] },
  EncryptResponse: { ciphertext: [1, 'bytes'], keyId: [2, 'string'], annotations: [3, '{}bytes'] },
  EncryptedObject: {
    encryptedData: [1, 'bytes'],
    keyId: [2, 'string'],
    encryptedDekSource: [3, 'bytes'],
    annotations: [4, '{}bytes'],
    encryptedDekSourceType: [5, 'int32'],
  },
};

const root = protobuf.Root.fromJSON({
  nested: Object.fromEntries(
    Object.entries(text).map(([name, fields]) => [
      name,
      { fields: Object.fromEntries(Object.entries(fields).map(([n, f]) => [n, fieldOf(f)])) },
    ]),
  ),
});

function fieldOf([id, type]: readonly [number, string]): protobuf.IField | protobuf.IMapField {
  return type.startsWith('{}') ? { keyType: 'string', type: type.slice(2), id } : { type, id };
}

/** Bytes of a message; fields with the default value of their type are left out. */
export function encodeMessage(name: string, value: object): Buffer {
  const type = root.lookupType(name);
  const set = Object.entries(value).filter(([, v]) => v !== '' && v !== 0);
  return Buffer.from(type.encode(Object.fromEntries(set)).finish());
}

/** The message, with every field. Throws for bytes that are none. */
export function decodeMessage<T>(name: string, bytes: Uint8Array): T {
  const type = root.lookupType(name);
  return type.toObject(type.decode(bytes), { defaults: true, objects: true }) as T;
}

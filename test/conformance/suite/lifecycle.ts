/** The chaincode lifecycle, by the calls of `peer lifecycle chaincode`. */
import { peer } from '@hyperledger/fabric-protos';

import { newChecks } from './checks.ts';
import type { Suite } from './suite.ts';

const Code = peer.TxValidationCode;

export function testLifecycle(suite: Suite): void {
  const { evaluate, key } = newChecks(suite);
  const name = 'conformance-later';
  const next = async (): Promise<{ name: string; version: string; sequence: number }> => {
    const sequence = ((await suite.deployment.lifecycle.committed(name))?.sequence ?? 0) + 1;
    return { name, version: `1.${sequence}`, sequence };
  };

  describe('the lifecycle', () => {
    it('has installed packages, and gives them back', async () => {
      const { lifecycle, packageId, packageBytes } = suite.deployment;
      for (const { mspId } of suite.target.organisations) {
        expect(await lifecycle.installed(mspId)).toContain(packageId);
      }
      const { mspId } = suite.target.organisations[0];
      const bytes = await lifecycle.installedPackage(mspId, packageId);
      expect(Buffer.compare(bytes, packageBytes)).toBe(0);
    });

    it('refuses a package twice', async () => {
      const { lifecycle, packageBytes } = suite.deployment;
      await expect(lifecycle.install(packageBytes)).rejects.toThrow(
        'already successfully installed',
      );
    });

    it('refuses what is no package', async () => {
      const { lifecycle } = suite.deployment;
      await expect(lifecycle.install(Buffer.from('no package'))).rejects.toThrow('package');
    });

    it('knows what was approved and committed', async () => {
      const { lifecycle, packageId } = suite.deployment;
      const { chaincode } = suite.target.names;
      const committed = (await lifecycle.committed(chaincode))!;
      const mspIds = suite.target.organisations.map(({ mspId }) => mspId);
      expect(Object.fromEntries(committed.approvalsMap)).toEqual(
        Object.fromEntries(mspIds.map((mspId) => [mspId, true])),
      );
      expect(await lifecycle.all()).toContainEqual(expect.objectContaining({ name: chaincode }));
      const approved = await lifecycle.approved(mspIds[0]!, chaincode, committed.sequence);
      expect(approved.source?.localPackage?.packageId).toBe(packageId);
    });

    it('commits a definition when enough have approved it, and not before', async () => {
      const { lifecycle } = suite.deployment;
      const { organisations } = suite.target;
      const definition = await next();
      const { bytes } = await suite.deployment.serve(name);
      const packageId = await lifecycle.install(bytes);
      const [first, ...others] = organisations;
      expect(await lifecycle.approve(first.mspId, definition, packageId)).toBe(Code.VALID);
      expect(await lifecycle.readiness(definition)).toEqual(
        Object.fromEntries(organisations.map(({ mspId }) => [mspId, mspId === first.mspId])),
      );
      await expect(lifecycle.commit(definition, [suite.target.endorsers.at(-1)!])).rejects.toThrow(
        'chaincode definition not agreed to by this org',
      );
      for (const { mspId } of others) {
        expect(await lifecycle.approve(mspId, definition, packageId)).toBe(Code.VALID);
      }
      expect(Object.values(await lifecycle.readiness(definition)).every(Boolean)).toBe(true);
      expect(await lifecycle.commit(definition)).toBe(Code.VALID);
      const fields = { ...suite.target.fields('Get', key('k')), chaincode: name };
      expect(Buffer.from(await suite.target.query(fields)).toString()).toBe('');
    });

    it('refuses a sequence that is not the next one', async () => {
      const { lifecycle, packageId } = suite.deployment;
      const definition = await next();
      const { mspId } = suite.target.organisations[0];
      const far = { ...definition, sequence: definition.sequence + 5 };
      await expect(lifecycle.approve(mspId, far, packageId)).rejects.toThrow('requested sequence');
      await expect(lifecycle.commit(far)).rejects.toThrow('requested sequence');
      await expect(lifecycle.readiness(far)).rejects.toThrow('requested sequence');
    });

    it('refuses another approval of what is committed', async () => {
      const { lifecycle, packageId } = suite.deployment;
      const { sequence } = await next();
      const { mspId } = suite.target.organisations[0];
      const changed = { name, version: 'another', sequence: sequence - 1 };
      await expect(lifecycle.approve(mspId, changed, packageId)).rejects.toThrow('sequence');
    });

    it('knows nothing of a chaincode that is not committed', async () => {
      const { lifecycle } = suite.deployment;
      expect(await lifecycle.committed('chaincode-not-there')).toBeUndefined();
      const { mspId } = suite.target.organisations[0];
      await expect(lifecycle.approved(mspId, 'chaincode-not-there', 1)).rejects.toThrow(
        'chaincode-not-there',
      );
    });

    it('leaves what is committed running', async () => {
      expect(await evaluate('Get', key('k'))).toBe('');
    });
  });
}

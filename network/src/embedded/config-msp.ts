/** An organisation's MSP as a value of the channel configuration (msp/msp_config.proto): its CAs and its NodeOUs. */
import { msp } from '@hyperledger/fabric-protos';

import type { MspRoots } from '../membership/msp-folder.ts';
import type { Role } from '../membership/member-certificate.ts';

/** MSPConfig.type of X.509 MSPs. */
const FABRIC_MSP = 0;

function nodeOus(rootCertificate: Uint8Array): msp.FabricNodeOUs {
  const identifier = (role: Role): msp.FabricOUIdentifier => {
    const unit = new msp.FabricOUIdentifier();
    unit.setCertificate(rootCertificate);
    unit.setOrganizationalUnitIdentifier(role);
    return unit;
  };
  const units = new msp.FabricNodeOUs();
  units.setEnable(true);
  units.setClientOuIdentifier(identifier('client'));
  units.setPeerOuIdentifier(identifier('peer'));
  units.setAdminOuIdentifier(identifier('admin'));
  units.setOrdererOuIdentifier(identifier('orderer'));
  return units;
}

/** @param roots - PEM certificates of the identity CA and the TLS CA. */
export function mspConfig(
  mspId: string,
  roots: Pick<MspRoots, 'rootCertificate' | 'tlsRootCertificate'>,
): msp.MSPConfig {
  const rootCertificate = Buffer.from(roots.rootCertificate, 'utf8');
  const crypto = new msp.FabricCryptoConfig();
  crypto.setSignatureHashFamily('SHA2');
  crypto.setIdentityIdentifierHashFunction('SHA256');
  const fabric = new msp.FabricMSPConfig();
  fabric.setName(mspId);
  fabric.setRootCertsList([rootCertificate]);
  fabric.setTlsRootCertsList([Buffer.from(roots.tlsRootCertificate, 'utf8')]);
  fabric.setCryptoConfig(crypto);
  fabric.setFabricNodeOus(nodeOus(rootCertificate));
  const config = new msp.MSPConfig();
  config.setType(FABRIC_MSP);
  config.setConfig(fabric.serializeBinary());
  return config;
}

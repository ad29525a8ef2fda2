/**
 * One organisation on disk, in the folders that cryptogen makes and Fabric's administrators know:
 * `organizations/{peer,orderer}Organizations/<domain>/{ca,tlsca,msp,peers|orderers,users}`. Created once, loaded after that;
 * its own CA enrols further members.
 */
import { join } from 'node:path';

import { Authority, defaultValidity, type KeyedCertificate, type Validity } from './authority.ts';
import { folderExists, readFolderFile, writeFolder, type FolderFile } from './folder.ts';
import { IdentityError } from './identity-errors.ts';
import { readMemberCertificate, parseCertificate, type Role } from './member-certificate.ts';
import {
  certificatePath,
  KEY_PATH,
  signingMsp,
  tlsFiles,
  verifyingMsp,
  type MspRoots,
} from './msp-folder.ts';
import { newSigner, type Credentials } from './signer.ts';

/** Folder names, and labels of host names. */
const NAME = /^[A-Za-z0-9](?:[A-Za-z0-9_-]|\.(?!\.)){0,61}[A-Za-z0-9]$|^[A-Za-z0-9]$/;

/** What an organisation is made of. */
export interface OrganisationOptions {
  /** Folder that holds `organizations`. */
  readonly directory: string;
  /** peer: an organisation with peers; orderer: one with ordering nodes. */
  readonly kind: 'peer' | 'orderer';
  readonly mspId: string;
  /** Such as `northlight.example`. */
  readonly domain: string;
  /** Short names of its nodes, such as `peer0`. */
  readonly nodes: readonly string[];
  /** Names and addresses besides localhost and 127.0.0.1 under which nodes are reached. */
  readonly hosts?: readonly string[];
  /** @default the system clock */
  readonly clock?: () => Date;
}

/** A node: it signs as a member, and serves TLS under its name. */
export interface NodeMaterial {
  /** Full name, such as `peer0.northlight.example`; a name in its TLS certificate. */
  readonly name: string;
  readonly credentials: Credentials;
  readonly tls: KeyedCertificate;
}

/** What a peer needs to dial a chaincode server. */
export interface ChaincodeMaterial {
  /** Full name, such as `lamplighter.northlight.example`; a name in the server's TLS certificate. */
  readonly name: string;
  /** Shown to the server. */
  readonly client: KeyedCertificate;
}

function assertName(name: string): void {
  if (!NAME.test(name)) {
    throw new IdentityError(
      'ORGANISATION_NAME_INVALID',
      `expected 1 to 63 letters, digits, dots and dashes, got ${JSON.stringify(name.slice(0, 80))}`,
    );
  }
}

async function openAuthority(
  directory: string,
  kind: 'ca' | 'tlsca',
  domain: string,
  validity: Validity,
): Promise<Authority> {
  const folder = join(directory, kind);
  const name = `${kind}.${domain}`;
  if (!(await folderExists(folder))) {
    const { certificate, privateKey } = await (
      await Authority.create(domain, name, validity)
    ).export();
    await writeFolder(folder, [
      { path: `${name}-cert.pem`, content: certificate },
      { path: 'priv_sk', content: privateKey, secret: true },
    ]);
  }
  return Authority.load({
    certificate: await readFolderFile(folder, `${name}-cert.pem`),
    privateKey: await readFolderFile(folder, 'priv_sk'),
  });
}

/** Members and nodes of one organisation. Its methods may be called at the same time. */
export class Organisation {
  readonly mspId: string;
  readonly domain: string;
  /** `…/organizations/peerOrganizations/<domain>` */
  readonly directory: string;
  readonly #options: OrganisationOptions;
  readonly #authority: Authority;
  readonly #tlsAuthority: Authority;
  #nodes: readonly NodeMaterial[] = [];
  /** Enrolments wait for each other: two for one name must not both create it. */
  #last: Promise<unknown> = Promise.resolve();

  private constructor(
    options: OrganisationOptions,
    directory: string,
    authority: Authority,
    tlsAuthority: Authority,
  ) {
    this.mspId = options.mspId;
    this.domain = options.domain;
    this.directory = directory;
    this.#options = options;
    this.#authority = authority;
    this.#tlsAuthority = tlsAuthority;
  }

  /**
   * Creates what is missing, loads what is there.
   *
   * @throws {@link IdentityError} ORGANISATION_NAME_INVALID, ORGANISATION_INCOMPLETE, or a certificate's code when a file
   * does not fit its CA.
   */
  static async open(options: OrganisationOptions): Promise<Organisation> {
    [options.domain, ...options.nodes].forEach(assertName);
    const folder = `${options.kind}Organizations`;
    const directory = join(options.directory, 'organizations', folder, options.domain);
    const validity = defaultValidity(options.clock?.() ?? new Date());
    const organisation = new Organisation(
      options,
      directory,
      await openAuthority(directory, 'ca', options.domain, validity),
      await openAuthority(directory, 'tlsca', options.domain, validity),
    );
    await organisation.#openFolder('msp', () => verifyingMsp(organisation.roots, '.'));
    const nodes: NodeMaterial[] = [];
    for (const node of options.nodes) {
      nodes.push(await organisation.#openNode(node));
    }
    organisation.#nodes = nodes;
    return organisation;
  }

  /** Certificates of both CAs. */
  get roots(): MspRoots {
    return {
      domain: this.domain,
      rootCertificate: this.#authority.certificate,
      tlsRootCertificate: this.#tlsAuthority.certificate,
    };
  }

  /** In the order of the options. */
  get nodes(): readonly NodeMaterial[] {
    return this.#nodes;
  }

  /** @returns the MSP folder of a user, as CORE_PEER_MSPCONFIGPATH takes it. */
  mspDirectory(user: string): string {
    return join(this.directory, 'users', `${user}@${this.domain}`, 'msp');
  }

  /**
   * Enrols a user, or returns the one of that name.
   *
   * @throws {@link IdentityError} ORGANISATION_NAME_INVALID, ORGANISATION_ROLE_CONFLICT when the user has another role.
   */
  enrol(user: string, role: Role): Promise<Credentials> {
    const enrolment = this.#last.then(() => this.#enrol(user, role));
    this.#last = enrolment.catch(() => undefined);
    return enrolment;
  }

  /**
   * TLS certificates for a chaincode server and for the peer that dials it, below `chaincodes`. Neither is a member's: they sign
   * nothing on the ledger.
   *
   * @param service - such as `lamplighter`; the server's name is that one's at the domain.
   */
  async openChaincode(service: string): Promise<ChaincodeMaterial> {
    assertName(service);
    const name = `${service}.${this.domain}`;
    const folder = join('chaincodes', name);
    await this.#openFolder(folder, async () => {
      const hosts = [name, 'localhost', '127.0.0.1', ...(this.#options.hosts ?? [])];
      const dialler = { organisation: this.domain, name: `peer-of-${service}`, hosts: [] };
      return [
        ...tlsFiles(
          this.roots,
          'server',
          await this.#issueTls({ organisation: this.domain, name, hosts }),
        ),
        ...tlsFiles(this.roots, 'client', await this.#issueTls(dialler)).slice(1),
      ];
    });
    const directory = join(this.directory, folder);
    return {
      name,
      client: {
        certificate: await readFolderFile(directory, 'tls/client.crt'),
        privateKey: await readFolderFile(directory, 'tls/client.key'),
      },
    };
  }

  async #enrol(user: string, role: Role): Promise<Credentials> {
    assertName(user);
    const name = `${user}@${this.domain}`;
    const folder = join('users', name);
    await this.#openFolder(folder, async () => {
      const endpoint = { organisation: this.domain, name, hosts: [] };
      return [
        ...signingMsp(this.roots, 'msp', name, await this.#enrolMember(name, role)),
        ...tlsFiles(this.roots, 'client', await this.#issueTls(endpoint)),
      ];
    });
    return this.#credentials(folder, name, role);
  }

  async #openNode(node: string): Promise<NodeMaterial> {
    const { kind, hosts = [] } = this.#options;
    const name = `${node}.${this.domain}`;
    const folder = join(`${kind}s`, name);
    await this.#openFolder(folder, async () => {
      const endpoint = {
        organisation: this.domain,
        name,
        hosts: [name, node, 'localhost', '127.0.0.1', ...hosts],
      };
      return [
        ...signingMsp(this.roots, 'msp', name, await this.#enrolMember(name, kind)),
        ...tlsFiles(this.roots, 'server', await this.#issueTls(endpoint)),
      ];
    });
    const directory = join(this.directory, folder);
    return {
      name,
      credentials: await this.#credentials(folder, name, kind),
      tls: {
        certificate: await readFolderFile(directory, 'tls/server.crt'),
        privateKey: await readFolderFile(directory, 'tls/server.key'),
      },
    };
  }

  #validity(): Validity {
    return defaultValidity(this.#options.clock?.() ?? new Date());
  }

  #enrolMember(name: string, role: Role): Promise<KeyedCertificate> {
    return this.#authority.enrol({ organisation: this.domain, name, role }, this.#validity());
  }

  #issueTls(endpoint: Parameters<Authority['issueTls']>[0]): Promise<KeyedCertificate> {
    return this.#tlsAuthority.issueTls(endpoint, this.#validity());
  }

  async #openFolder(
    folder: string,
    content: () => readonly FolderFile[] | Promise<readonly FolderFile[]>,
  ): Promise<void> {
    const directory = join(this.directory, folder);
    if (!(await folderExists(directory))) {
      await writeFolder(directory, await content());
    }
  }

  /** Reads a member back and checks it as a channel would, so that mixed-up folders fail here. */
  async #credentials(folder: string, name: string, role: Role): Promise<Credentials> {
    const directory = join(this.directory, folder, 'msp');
    const credentials = {
      mspId: this.mspId,
      certificate: await readFolderFile(directory, certificatePath(name)),
      privateKey: await readFolderFile(directory, KEY_PATH),
    };
    const authority = parseCertificate(this.#authority.certificate);
    const member = readMemberCertificate(credentials.certificate, [authority]);
    if (member.role !== role) {
      throw new IdentityError(
        'ORGANISATION_ROLE_CONFLICT',
        `expected ${name} to be ${role}, got ${member.role}`,
      );
    }
    newSigner(credentials);
    return credentials;
  }
}

/** Health as Fabric's operations service tells it (fabric-lib-go healthz): all well, or the checks that failed and why. */

/** Something that should work and does not. */
export interface FailedCheck {
  readonly component: string;
  readonly reason: string;
}

/** What `/healthz` answers, with status 200 or 503. */
export interface HealthStatus {
  readonly status: 'OK' | 'Service Unavailable';
  /** ISO 8601. */
  readonly time: string;
  readonly failed_checks?: readonly FailedCheck[];
}

export function healthStatus(failed: readonly FailedCheck[], now: Date): HealthStatus {
  const time = now.toISOString();
  return failed.length === 0
    ? { status: 'OK', time }
    : { status: 'Service Unavailable', time, failed_checks: failed };
}

import { Admin } from '@platformatic/kafka'

import { isStale } from './test-name.ts'

/** Runs `work` with an administrator of the brokers at this address. */
export async function withAdmin<T>(url: string, work: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = new Admin({ clientId: 'aquifer-test', bootstrapBrokers: [new URL(url).host], connectTimeout: 5000 })
  try {
    return await work(admin)
  } finally {
    await admin.close()
  }
}

export async function listTopics(url: string): Promise<readonly string[]> {
  return withAdmin(url, (admin) => admin.listTopics())
}

/** Removes what runs that were killed left behind. */
export async function removeStaleTopics(url: string): Promise<void> {
  const topics = (await listTopics(url)).filter(isStale)
  if (topics.length > 0) await withAdmin(url, (admin) => admin.deleteTopics({ topics }))
}

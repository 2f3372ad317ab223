import type { CatalogStore } from '../control-store.ts'
import type { StoreParts } from '../store-parts.ts'
import { deploy } from './deploy.ts'

export const makeCatalog = (parts: StoreParts): CatalogStore => ({
  read: () =>
    parts.session.snapshot(async (view) => ({
      connections: await view.all(parts.sql.catalog.connections()),
      modules: await view.all(parts.sql.catalog.modules()),
      tasks: await view.all(parts.sql.catalog.tasks()),
    })),
  deploy: (change, by) => deploy(parts, change, by),
})

"""The call shapes of other libraries over our methods: change an import, keep the code (docs/guide/migrating.md)."""

-- Primary, unique and foreign keys of some relations.
SELECT k.conrelid::int8, k.contype::text, k.conkey::int4[], k.confrelid::int8, k.confkey::int4[]
FROM pg_catalog.pg_constraint AS k
WHERE k.contype IN ('p', 'u', 'f') AND k.conparentid = 0 AND k.conrelid = ANY ($1::int8[]::oid[])
ORDER BY k.conrelid, k.contype, k.conname

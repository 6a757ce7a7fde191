SELECT e.enumtypid::int8, array_agg(e.enumlabel::text ORDER BY e.enumsortorder)
FROM pg_catalog.pg_enum AS e
GROUP BY e.enumtypid

coalesce(
  (SELECT substr(setting, length('timezone=') + 1)
   FROM pg_catalog.pg_db_role_setting AS s CROSS JOIN LATERAL unnest(s.setconfig) AS setting
   WHERE setting ILIKE 'timezone=%'
     AND s.setdatabase IN (0, (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = current_database()))
     AND s.setrole IN (0, (SELECT r.oid FROM pg_catalog.pg_roles AS r WHERE r.rolname = current_user))
   ORDER BY s.setrole = 0, s.setdatabase = 0
   LIMIT 1),
  current_setting('log_timezone'))

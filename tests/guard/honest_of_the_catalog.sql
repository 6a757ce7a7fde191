SELECT reads(1), public.reads(2), computes(3)
SELECT * FROM computes(1) AS c
SELECT a <<>> a FROM target
SELECT total(a) FROM target
SELECT 5::small
SELECT t.a, (t).a FROM target t
SELECT * FROM plain
SELECT * FROM tenants

SELECT writes(1)
SELECT public.writes(1)
SELECT app.writes_too()
SELECT app.upper('x')
SELECT * FROM writes(1)
SELECT t.touch FROM target t
SELECT (t).touch FROM target t
SELECT target.touch FROM target
SELECT "t"."touch" FROM target AS t
SELECT t.with_default FROM target t
SELECT (SELECT t FROM target t LIMIT 1).touch
SELECT 1 @+@ 2
SELECT 1 OPERATOR(public.@+@) 2
SELECT a@+@a FROM target
SELECT t::text FROM other t
SELECT CAST(t AS text) FROM other t
SELECT lower(5)
SELECT gather(a) FROM target
SELECT gather(a) OVER () FROM target
SELECT 1::trap
SELECT CAST(1 AS public.trap)
SELECT trap '1'
SELECT * FROM direct
SELECT * FROM nested
TABLE public.nested
SELECT count(*) FROM (SELECT * FROM nested) x
SELECT * FROM sleeps
WITH x AS (SELECT * FROM sleeps) SELECT 1 FROM x

SELECT ST_AsText(geom), ST_Area(geom::geography) FROM parcel
SELECT name FROM shop ORDER BY geom <-> ST_SetSRID(ST_MakePoint(13.4, 52.5), 4326) LIMIT 5
SELECT a.name, b.name FROM parcel a JOIN parcel b ON ST_Intersects(a.geom, b.geom) AND a.id < b.id
SELECT * FROM shop WHERE ST_DWithin(geom::geography, ST_MakePoint(13.4, 52.5)::geography, 1000)
SELECT ST_Distance(ST_Transform(geom, 3857), ST_Transform('SRID=4326;POINT(13 52)'::geometry, 3857)) FROM shop
SELECT count(*) FROM shop WHERE geom && ST_MakeEnvelope(13, 52, 14, 53, 4326)
SELECT ST_Union(geom), ST_Collect(geom), ST_Extent(geom) FROM parcel GROUP BY owner
SELECT ST_AsGeoJSON(geom)::jsonb, ST_X(ST_Centroid(geom)), ST_Y(ST_Centroid(geom)) FROM parcel
SELECT geom::geometry(Point, 4326), CAST(geom AS geography(Point, 4326)) FROM shop
SELECT public.ST_Buffer(geom, 10), (ST_Dump(geom)).geom, (ST_DumpPoints(geom)).path[1] FROM parcel
SELECT postgis_version(), find_srid('public', 'shop', 'geom')
SELECT ST_ClusterDBSCAN(geom, eps := 10, minpoints => 3) OVER () FROM shop
SELECT geom |=| geom, geom <<| geom, geom ~= geom, geom @ geom FROM parcel
SELECT ST_AsMVT(t.*, 'layer') FROM (SELECT id, ST_AsMVTGeom(geom, ST_TileEnvelope(1, 0, 0)) FROM shop) AS t
SELECT ST_Value(rast, 1, ST_MakePoint(1, 2)), ST_SummaryStats(rast) FROM elevation

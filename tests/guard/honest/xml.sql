SELECT xpath('/sheet/row/text()', xml_sheet), xmlexists('/sheet/row' PASSING xml_sheet), xml_is_well_formed('<a/>') FROM product ORDER BY product_id LIMIT 1
SELECT xmlelement(name foo, xmlattributes(1 AS bar), 'text'), xmlforest(1 AS a, 2 AS b), xmlconcat('<a/>', '<b/>'), xmlcomment('x'), xmlpi(name php, 'x'), xmlserialize(content '<a/>'::xml AS text), xmlparse(document '<a/>'), xmlroot(xml '<a/>', version '1.1', standalone yes)
SELECT x.* FROM product, XMLTABLE('/sheet/row' PASSING xml_sheet COLUMNS id int PATH '@id', body text PATH '.' DEFAULT 'none', n FOR ORDINALITY) AS x ORDER BY product_id LIMIT 2
SELECT xmlagg(xmlelement(name c, code) ORDER BY code) FROM country

insert into supplier_term (id, supplier, visible_to, updated_at, terms) values
(1, 'Nordvatn Kettles', '{buyers}', '2026-01-15 09:00Z', 'Gooseneck and thermo kettles: 38 percent off the list price, 42 percent from 200 pieces a quarter. Payment within 45 days. Faulty pieces are credited without being sent back.'),
(2, 'Glasverk Brisk', '{buyers}', '2026-01-15 09:05Z', 'Glass kettles and jugs: 35 percent off the list price, delivery free from 1,500 euros. Breakage on the way up to two percent is ours.'),
(3, 'Molen Koffie', '{buyers}', '2026-02-01 10:00Z', 'Grinders and drippers: 33 percent off the list price, and 3 percent more for payment within ten days. No delivery to resellers on marketplaces.'),
(4, 'Tetsu Foundry', '{buyers}', '2025-11-20 08:30Z', 'Cast-iron teapots: one container a year, ordered by the end of May, 30 percent paid in advance. Price fixed in yen; the exchange rate is our risk.'),
(5, 'Skarp Blades', '{buyers,workshop}', '2026-03-03 11:10Z', 'Chef and paring knives: 40 percent off the list price. The workshop may regrind under warranty and charges the maker 12 euros a blade.'),
(6, 'Ror Motors', '{buyers,workshop}', '2026-03-14 14:40Z', 'Stand mixers: 28 percent off the list price, bonus of 2 percent from 50 machines a year. Spare parts at cost for ten years; the workshop keeps one gearbox in stock.'),
(7, 'Ildfast Steel', '{buyers}', '2025-12-12 13:20Z', 'Carbon steel pans and woks: 44 percent off the list price, least order 60 pieces, delivery in six weeks. Prices follow the steel index twice a year.'),
(8, 'Keramik Sand', '{buyers}', '2026-02-10 09:45Z', 'Plates and bowls: 50 percent off the list price as we take whole kilns. Second choice at a third of the price, not to be sold as first.'),
(9, 'Olje og Voks', '{buyers}', '2025-10-15 15:55Z', 'Oils, waxes and polish: 36 percent off the list price, returned when the best-before date is less than six months away.'),
(10, 'Parcel carrier', '{buyers,support}', '2026-03-01 08:10Z', 'Each parcel costs us 3.10 euros up to 10 kg and 5.40 euros above. Claims for lost parcels have to be made within 21 days; the carrier is liable for up to 500 euros.');
